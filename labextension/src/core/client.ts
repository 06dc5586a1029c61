import { ServerConnection } from '@jupyterlab/services';
import { IAction, IRoutes } from '../records';
import { filled, request } from './request';

type Keys<M extends string> = Extract<keyof IRoutes, `${M} ${string}`>;
// A part of a route without names is an empty record there.
type Named<T> = T extends Record<string, never> ? unknown : T;
type Path<K extends keyof IRoutes> = IRoutes[K] extends { path: infer P }
  ? Named<P>
  : never;
type Query<K extends keyof IRoutes> = IRoutes[K] extends { query: infer Q }
  ? Named<Q>
  : never;
type Body<K extends keyof IRoutes> = IRoutes[K] extends { body: infer B }
  ? Named<B>
  : never;
/** What a route answers. */
export type Answer<K extends keyof IRoutes> = IRoutes[K]['answer'];

/** Routes that read: 'models/{name}'. */
export type Read = Keys<'GET'> extends `GET ${infer R}` ? R : never;
/** Routes that change something or have something executed. */
export type Post = Keys<'POST'> extends `POST ${infer R}` ? R : never;
export type Delete = Keys<'DELETE'> extends `DELETE ${infer R}` ? R : never;

/** What stands in the path of a route and in its query. */
export type Asked<R extends Read> = Path<`GET ${R}`> & Query<`GET ${R}`>;
export type Told<R extends Post> = Path<`POST ${R}`> & Body<`POST ${R}`>;

/** What a deployment answered, and which of its versions did. */
export interface IInvoked {
  readonly answer: unknown;
  readonly version: string;
}

function names(pattern: string): string[] {
  return (pattern.match(/\{\w+\}/g) ?? []).map(word => word.slice(1, -1));
}

function without(
  values: Readonly<Record<string, unknown>>,
  left: readonly string[]
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !left.includes(name))
  );
}

/**
 * Asks the routes of one workspace. Arguments are those of the route: names of
 * its path and fields of its query or body in one object.
 */
export class Client {
  constructor(
    readonly settings: ServerConnection.ISettings,
    readonly workspace: string
  ) {}

  get<R extends Read>(
    route: R,
    asked: Asked<R> = {} as Asked<R>
  ): Promise<Answer<`GET ${R}`>> {
    return this._ask('GET', route, asked) as Promise<Answer<`GET ${R}`>>;
  }

  post<R extends Post>(
    route: R,
    told: Told<R> = {} as Told<R>
  ): Promise<Answer<`POST ${R}`>> {
    const values = told as Record<string, unknown>;
    return request(
      this.settings,
      'POST',
      filled(route, values),
      { workspace: this.workspace },
      without(values, names(route))
    ) as Promise<Answer<`POST ${R}`>>;
  }

  remove<R extends Delete>(
    route: R,
    asked: Path<`DELETE ${R}`> & Query<`DELETE ${R}`>
  ): Promise<Answer<`DELETE ${R}`>> {
    return this._ask('DELETE', route, asked) as Promise<Answer<`DELETE ${R}`>>;
  }

  /** Asks a deployment through Jupyter, as an application would. */
  async invoke(deployment: string, body: unknown): Promise<IInvoked> {
    let version = '';
    const answer = await request(
      this.settings,
      'POST',
      filled('deployments/{name}/invocations', { name: deployment }),
      { workspace: this.workspace },
      body,
      headers => {
        const names = ['X-Model-Name', 'X-Model-Version'];
        version = names.map(name => headers.get(name) ?? '').join('/');
      }
    );
    return { answer, version: version.length > 1 ? version : '' };
  }

  private _ask(
    method: string,
    route: string,
    asked: unknown
  ): Promise<unknown> {
    const values = asked as Record<string, unknown>;
    return request(this.settings, method, filled(route, values), {
      ...without(values, names(route)),
      workspace: this.workspace
    });
  }
}

/** Whether a route's answer is something that goes on. */
export function isAction(value: unknown): value is IAction {
  const one = value as Partial<IAction> | null;
  return (
    typeof one?.id === 'string' &&
    typeof one.what === 'string' &&
    ['running', 'done', 'failed'].includes(one.state ?? '')
  );
}
