import { Kernel, KernelMessage } from '@jupyterlab/services';

/** A fitted model among a kernel's variables. */
export interface IFoundModel {
  readonly name: string;
  readonly kind: string;
  readonly features: readonly string[];
}

export interface IFoundFrame {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly string[];
}

export interface IFoundSeries {
  readonly name: string;
  readonly rows: number;
  readonly column: string;
}

/** What a kernel holds that could be registered, and a guess at how. */
export interface INamespace {
  readonly models: readonly IFoundModel[];
  readonly frames: readonly IFoundFrame[];
  readonly series: readonly IFoundSeries[];
  readonly workspace: string;
  readonly version: string;
  readonly model: string;
  readonly name: string;
  readonly train: string;
  readonly test: string;
  readonly target: string;
  readonly id: string;
  readonly time: string;
}

const LOOK =
  '__import__("json").dumps(__import__("importlib").import_module("mlops_nb.doors.namespace").look().to_dict())';

/** Why a kernel could not be looked into. */
export class KernelProblem extends Error {
  constructor(
    readonly kind: 'no kernel' | 'not installed' | 'busy' | 'other',
    message = ''
  ) {
    super(message);
  }
}

const PATIENCE = 20_000; // ms a busy kernel is waited for

/** Looks at the variables of a kernel; changes nothing, leaves no trace in its history. */
export async function lookInto(
  kernel: Kernel.IKernelConnection | null | undefined
): Promise<INamespace> {
  if (!kernel) {
    throw new KernelProblem('no kernel');
  }
  const future = kernel.requestExecute(
    {
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { found: LOOK }
    },
    true
  );
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(
      () => reject(new KernelProblem('busy')),
      PATIENCE
    );
  });
  let reply: KernelMessage.IExecuteReplyMsg;
  try {
    reply = await Promise.race([future.done, late]);
  } finally {
    window.clearTimeout(timer);
  }
  const content = reply.content as {
    user_expressions?: Record<
      string,
      {
        status?: string;
        ename?: string;
        evalue?: string;
        data?: Record<string, string>;
      }
    >;
  };
  const found = content.user_expressions?.found;
  const text = found?.data?.['text/plain'];
  if (found?.status !== 'ok' || text === undefined) {
    throw new KernelProblem(
      found?.ename === 'ModuleNotFoundError' ? 'not installed' : 'other',
      found?.evalue ?? ''
    );
  }
  return JSON.parse(unrepr(text)) as INamespace;
}

/** The text of a Python literal as `repr` writes it. */
export function unrepr(text: string): string {
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replace(
      /\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/gs,
      (_, mark: string) => {
        switch (mark.charAt(0)) {
          case 'n':
            return '\n';
          case 't':
            return '\t';
          case 'r':
            return '\r';
          case 'x':
          case 'u':
          case 'U':
            return mark.length > 1
              ? String.fromCodePoint(parseInt(mark.slice(1), 16))
              : mark;
          default:
            return mark === quote || mark === '\\' ? mark : `\\${mark}`;
        }
      }
    );
}
