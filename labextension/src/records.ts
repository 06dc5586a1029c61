// Made from the records of the Python package by tools/records.py. Do not edit.

/** Some of a long list; `next` asks for what follows. */
export interface IPage<T> {
  readonly format: number;
  readonly items: readonly T[];
  readonly next: string | null;
}

/** What the server says when it says no; `now` is how it stands where somebody else changed it meanwhile. */
export interface IRefusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly field: string | null;
    readonly hint: string | null;
  };
  readonly now?: unknown;
}

/** Something that was begun in answer to a request and goes on without it. */
export interface IAction {
  readonly id: string;
  readonly kind: 'run' | 'deployment' | 'model' | 'alert' | 'agent';
  readonly of: string;
  readonly what: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly summary: string;
  readonly workspace: string;
  readonly began_at: string | null;
  readonly ended_at: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: Readonly<Record<string, unknown>> | null;
}

/** Who did something. `id` is a login name, a Jupyter user, a key's name; hashed when `hash_actor` is on. */
export interface IActor {
  readonly kind: 'os' | 'jupyter' | 'key' | 'agent';
  readonly id: string;
}

/** The agent of a workspace, as it describes itself. */
export interface IAgentInfo {
  readonly pid: number;
  readonly began: string;
  readonly version: string;
  readonly code: string;
  readonly settings: string;
  readonly root: string;
  readonly socket: string;
  readonly state: 'starting' | 'running' | 'stopping' | 'stopped';
  readonly started_at: string | null;
  readonly heartbeat_at: string | null;
  readonly note: string;
}

/** What goes on in the background of a workspace. */
export interface IAgentStatus {
  readonly name: string;
  readonly root: string;
  readonly running: boolean;
  readonly agent: IAgentInfo | null;
  readonly uptime_s: number | null;
  readonly url: string;
  readonly deployments: readonly IDeployment[];
  readonly workers: readonly (Readonly<Record<string, unknown>>)[];
  readonly waiting_bytes: number;
  readonly collected_at: string | null;
  readonly alerts: readonly IAlert[];
  readonly schedules: readonly ISchedule[];
  readonly pools: readonly IPoolInfo[];
  readonly duties: readonly IDutyState[];
  readonly was_down: IWasDown | null;
  readonly note: string;
}

/** Something that needs a person, or needed one. */
export interface IAlert {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  readonly model: string;
  readonly deployment: string;
  readonly version: string;
  readonly hint: string;
  readonly count: number;
  readonly at: string | null;
  readonly last_at: string | null;
  readonly resolved_at: string | null;
  readonly feature: string;
  readonly segment: string;
  readonly window_start: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly acked_by: string;
  readonly acked_at: string | null;
  readonly snoozed_until: string | null;
  readonly note: string;
}

/** One question to a version, and its answer. */
export interface ICheck {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly value: number | null;
  readonly bound: number | null;
  readonly detail: string;
  readonly next_step: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly parts: readonly (Readonly<Record<string, unknown>>)[];
}

/** All that was asked of a version before it takes over. */
export interface ICheckReport {
  readonly version: string;
  readonly against: string;
  readonly passed: boolean;
  readonly checks: readonly ICheck[];
  readonly at: string | null;
  readonly id: string;
  readonly summary: string;
  readonly data: string;
  readonly rows: number;
  readonly model_digest: string;
  readonly against_digest: string;
  readonly gate_digest: string;
  readonly gate: Readonly<Record<string, unknown>>;
  readonly digest: string;
  readonly signature: string;
}

/** A name that answers requests, at one of its revisions. */
export interface IDeployment {
  readonly name: string;
  readonly revision: number;
  readonly url: string;
  readonly state: 'starting' | 'ready' | 'degraded' | 'stopped';
  readonly routes: readonly IRoute[];
  readonly model: string;
  readonly log: 'features' | 'profile' | 'off';
  readonly options: IServingOptions;
  readonly reason: string;
  readonly note: string;
  readonly actor: IActor | null;
  readonly at: string | null;
  readonly changed: boolean;
  readonly example: Readonly<Record<string, unknown>> | null;
}

/** Something in which two runs differ. */
export interface IDifference {
  readonly what: string;
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** How something that the agent does again and again goes. */
export interface IDutyState {
  readonly name: string;
  readonly every_s: number | null;
  readonly done_at: string | null;
  readonly problem: string;
  readonly since: string | null;
  readonly failures: number;
}

/** One time that a schedule fired, and what became of it. */
export interface IFiring {
  readonly id: number;
  readonly schedule: string;
  readonly key: string;
  readonly due_at: string;
  readonly state: 'waiting' | 'leased' | 'done' | 'failed' | 'skipped';
  readonly attempt: number;
  readonly runs: readonly string[];
  readonly reason: string;
  readonly holder: string;
  readonly fence: number;
  readonly ended_at: string | null;
}

/** The runs of one call, counted. */
export interface IGridSummary {
  readonly grid: string;
  readonly runs: number;
  readonly status: Readonly<Record<string, number>>;
  readonly verdict: Readonly<Record<string, number>>;
}

/** Versions of the parts, and whether they fit. */
export interface IHandshake {
  readonly server: string;
  readonly installed: string;
  readonly agent: string;
  readonly browser: string;
  readonly kernel: string;
  readonly fits: boolean;
  readonly sentence: string;
}

/** A registered model as a list shows it. */
export interface IModelSummary {
  readonly name: string;
  readonly aliases: Readonly<Record<string, number>>;
  readonly newest: IModelVersion | null;
  readonly description: string;
  readonly served: readonly string[];
  readonly alerts: number;
  readonly updated_at: string | null;
}

/** One version of a registered model, and what was proven about it. */
export interface IModelVersion {
  readonly name: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly state: 'proving' | 'proven' | 'broken';
  readonly reason: string;
  readonly digest: string;
  readonly run_id: string;
  readonly kind: 'binary' | 'multiclass' | 'regression' | 'other';
  readonly target: string;
  readonly id: string;
  readonly time: string;
  readonly features: readonly string[];
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly metrics_note: string;
  readonly importance: Readonly<Record<string, number | null>>;
  readonly snapshots: readonly string[];
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly uri: string;
  readonly created_at: string | null;
  readonly actor: IActor | null;
  readonly compiled: boolean;
  readonly compiled_note: string;
}

/** What a notebook can be run with. */
export interface INotebookForm {
  readonly path: string;
  readonly kernel: string;
  readonly language: string;
  readonly tagged: boolean;
  readonly parameters: readonly IParameter[];
  readonly secrets: readonly string[];
}

/** One parameter of a notebook, as its `parameters` cell declares it. */
export interface IParameter {
  readonly name: string;
  readonly default: string;
  readonly type: string;
  readonly help: string;
}

/** A workspace that this server can show. */
export interface IPlace {
  readonly workspace: string;
  readonly name: string;
  readonly root: string;
  readonly fits: boolean;
}

/** A zygote, as it describes itself. */
export interface IPoolInfo {
  readonly key: string;
  readonly pid: number;
  readonly began: string;
  readonly started_at: string | null;
  readonly modules: number;
  readonly memory_mb: number | null;
  readonly runs: number;
  readonly active: number;
  readonly spares: number;
  readonly variables: Readonly<Record<string, string>> | null;
  readonly address: string;
  readonly python: string;
  readonly prefix: string;
  readonly after: string;
}

/** One change of production, signed and chained to the one before it. */
export interface IReceipt {
  readonly id: string;
  readonly sequence: number;
  readonly action: 'promote' | 'rollback' | 'adopt' | 'forget' | 'deploy' | 'undeploy' | 'reference';
  readonly model: string;
  readonly alias: string;
  readonly from_version: number | null;
  readonly to_version: number | null;
  readonly state: 'pending' | 'done' | 'failed';
  readonly actor: IActor | null;
  readonly reason: string;
  readonly forced: boolean;
  readonly undoes: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly at: string | null;
  readonly previous: string;
  readonly signature: string;
}

/** What came of running a run again. */
export interface IReproduction {
  readonly run: string;
  readonly by: string;
  readonly identical: boolean | null;
  readonly differs: readonly IUnlike[];
  readonly despite: readonly IUnlike[];
  readonly compared: readonly string[];
  readonly replay: string;
  readonly seconds: number | null;
}

/** Where a share of a deployment's requests goes. */
export interface IRoute {
  readonly route: string;
  readonly ref: string;
  readonly role: 'live' | 'canary' | 'shadow';
  readonly weight: number | null;
  readonly version: string;
  readonly state: '' | 'loading' | 'ready' | 'failed';
  readonly compiled: boolean;
  readonly reason: string;
}

/** One execution of a notebook, and where its evidence lies. */
export interface IRun {
  readonly id: string;
  readonly notebook: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly status: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled';
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly output: string;
  readonly seconds: number | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly results: Readonly<Record<string, unknown>>;
  readonly folder: string;
  readonly tracking_run_id: string;
  readonly grid: string;
  readonly because: string;
  readonly attempt: number;
  readonly engine: 'warm' | 'stock' | '';
  readonly cpu_seconds: number | null;
  readonly peak_memory_mb: number | null;
  readonly digests: Readonly<Record<string, string>>;
  readonly models: readonly string[];
  readonly registered: readonly string[];
}

/** Two runs side by side. */
export interface IRunComparison {
  readonly before: IRun;
  readonly after: IRun;
  readonly differs: readonly IDifference[];
}

/** A notebook that is run by itself: when, how, and what became of it last. */
export interface ISchedule {
  readonly name: string;
  readonly notebook: string;
  readonly pipeline: string;
  readonly digest: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly grid: readonly string[];
  readonly trigger: 'cron' | 'interval' | 'snapshot' | 'alert';
  readonly spec: string;
  readonly timezone: string;
  readonly sentence: string;
  readonly catch_up: 'none' | 'last' | 'all';
  readonly overlap: boolean;
  readonly retries: number;
  readonly timeout_s: number | null;
  readonly notify: readonly string[];
  readonly state: 'active' | 'paused';
  readonly actor: IActor | null;
  readonly at: string | null;
  readonly next_at: string | null;
  readonly last_at: string | null;
  readonly last_state: string;
  readonly last_reason: string;
  readonly last_runs: readonly string[];
  readonly changed: boolean;
}

/** A route of a deployment that leads to a version. */
export interface IServedAt {
  readonly deployment: string;
  readonly route: string;
  readonly role: string;
  readonly weight: number | null;
}

/** How a deployment answers and what it keeps. */
export interface IServingOptions {
  readonly output: 'labels' | 'probabilities';
  readonly threshold: number | null;
  readonly contract: '' | 'enforce' | 'log';
  readonly sticky: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly canary_max_error_ratio: number | null;
  readonly canary_max_slowdown: number | null;
  readonly canary_min_requests: number;
}

/** One version of a table in the lake. `ref` (`flights@3`) reads it again, for ever. */
export interface ISnapshot {
  readonly table: string;
  readonly version: number;
  readonly uri: string;
  readonly rows: number;
  readonly schema: Readonly<Record<string, string>>;
  readonly digest: string;
  readonly changed: boolean;
  readonly added: number;
  readonly committed_at: string | null;
  readonly run_id: string;
}

/** What a version has answered since the server's counters began; rates are the difference of two looks. */
export interface ITraffic {
  readonly version: string;
  readonly requests: number | null;
  readonly errors: number | null;
  readonly seconds: number | null;
  readonly bounds: readonly (number | null)[];
  readonly buckets: readonly (number | null)[];
}

/** What a trigger means. */
export interface ITriggerPreview {
  readonly trigger: string;
  readonly spec: string;
  readonly timezone: string;
  readonly sentence: string;
  readonly next: readonly string[];
}

/** One thing that differs between a recorded run and its repetition. */
export interface IUnlike {
  readonly kind: string;
  readonly what: string;
  readonly recorded: unknown;
  readonly now: unknown;
  readonly by: number | null;
}

/** A version and what is asked about it. */
export interface IVersionDocument {
  readonly version: IModelVersion;
  readonly champion: IModelVersion | null;
  readonly served: readonly IServedAt[];
  readonly contract: Readonly<Record<string, unknown>> | null;
  readonly manifest: Readonly<Record<string, unknown>> | null;
  readonly notebook: string;
  readonly example: Readonly<Record<string, unknown>> | null;
  readonly check: Readonly<Record<string, unknown>> | null;
  readonly note: string;
}

/** A time in which no agent ran. */
export interface IWasDown {
  readonly begin: string;
  readonly end: string;
  readonly asked: boolean;
  readonly missed: readonly string[];
}

/** An event on Jupyter's socket. A gap in `seq`: ask anew. */
export interface IEvent {
  readonly id: string;
  readonly state: string;
  readonly at: string;
  readonly seq: number;
  readonly summary: string;
  readonly workspace: string;
  readonly action?: string;
}

/** Schema ids of the events, by kind; their version is '1'. */
export const EVENTS = {
  run: 'https://mlops-nb/events/run/v1',
  deployment: 'https://mlops-nb/events/deployment/v1',
  model: 'https://mlops-nb/events/model/v1',
  alert: 'https://mlops-nb/events/alert/v1',
  agent: 'https://mlops-nb/events/agent/v1'
} as const;

/** All routes below `/mlops-nb/api/`. */
export interface IRoutes {
  /** Workspaces that this server can show; `fits` marks the one that the notebook at `path` belongs to. */
  'GET workspaces': {
    path: Record<string, never>;
    query: { path?: string | null };
    answer: IPage<IPlace>;
    right: 'read';
  };
  /** What the workspace holds: its name, its folder, and how many tables, models, versions and runs. */
  'GET workspace': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Versions of browser, server, agent and kernel; where they differ, a sentence says what to do. */
  'GET health': {
    path: Record<string, never>;
    query: { browser?: string; kernel?: string };
    answer: IHandshake;
    right: 'read';
  };
  /** The newest snapshot of each table whose name holds `q`, by name. */
  'GET tables': {
    path: Record<string, never>;
    query: { q?: string; limit?: number; next?: string };
    answer: IPage<ISnapshot>;
    right: 'read';
  };
  /** Every snapshot of a table, newest first. */
  'GET tables/{table}': {
    path: { table: string };
    query: Record<string, never>;
    answer: IPage<ISnapshot>;
    right: 'read';
  };
  /** The first rows of a snapshot (default: the newest). */
  'GET tables/{table}/preview': {
    path: { table: string };
    query: { version?: number | null; rows?: number };
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** What was begun since this server started, the newest first. */
  'GET actions': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<IAction>;
    right: 'read';
  };
  /** Something that was begun: whether it is on, and what came of it. */
  'GET actions/{id}': {
    path: { id: string };
    query: Record<string, never>;
    answer: IAction;
    right: 'read';
  };
  /** Models by name: newest version, aliases, where each is served, how many alerts are open. */
  'GET models': {
    path: Record<string, never>;
    query: { q?: string; limit?: number; next?: string };
    answer: IPage<IModelSummary>;
    right: 'read';
  };
  /** A model as the list shows it. */
  'GET models/{name}': {
    path: { name: string };
    query: Record<string, never>;
    answer: IModelSummary;
    right: 'read';
  };
  /** Versions of all models whose name holds `q`, newest first. */
  'GET versions': {
    path: Record<string, never>;
    query: { q?: string; limit?: number; next?: string };
    answer: IPage<IModelVersion>;
    right: 'read';
  };
  /** Versions of a model, newest first. */
  'GET models/{name}/versions': {
    path: { name: string };
    query: { limit?: number; next?: string };
    answer: IPage<IModelVersion>;
    right: 'read';
  };
  /** A version, the champion to compare it with, where it is served, contract, lineage, example and newest check. */
  'GET models/{name}/versions/{version}': {
    path: { name: string; version: number };
    query: Record<string, never>;
    answer: IVersionDocument;
    right: 'read';
  };
  /** The model card, as Markdown. */
  'GET models/{name}/versions/{version}/card': {
    path: { name: string; version: number };
    query: Record<string, never>;
    answer: Readonly<Record<string, string>>;
    right: 'read';
  };
  /** What each column looked like in training: counts, quantiles, frequent values. */
  'GET models/{name}/versions/{version}/reference': {
    path: { name: string; version: number };
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Checks of a model's versions, newest first. */
  'GET models/{name}/checks': {
    path: { name: string };
    query: Record<string, never>;
    answer: IPage<ICheckReport>;
    right: 'read';
  };
  /** Who changed what in production, newest first; of one model, or of all. */
  'GET receipts': {
    path: Record<string, never>;
    query: { model?: string; limit?: number; next?: string };
    answer: IPage<IReceipt>;
    right: 'read';
  };
  /** Registers a model that an MLflow run has logged (`runs:/…`), with the snapshots it was trained and tested on. */
  'POST models': {
    path: Record<string, never>;
    body: { model: string; name: string; train: string; target: string; test?: string; id?: string; time?: string; segments?: readonly string[]; alias?: string; description?: string };
    answer: IAction;
    right: 'write';
  };
  /** Brings a version of an existing MLflow registry (`models:/…`) under watch, without retraining. */
  'POST adopt': {
    path: Record<string, never>;
    body: { uri: string; reference: string; target?: string };
    answer: IAction;
    right: 'write';
  };
  /** Gives a version an alias. `expected` is the version that held it when the caller looked, 0 for none. */
  'POST models/{name}/versions/{version}/promote': {
    path: { name: string; version: number };
    body: { alias?: string; force?: boolean; reason?: string; expected?: number | null };
    answer: IAction;
    right: 'write';
  };
  /** Asks everything of a version before it takes over; the action's result is the report. */
  'POST models/{name}/versions/{version}/check': {
    path: { name: string; version: number };
    body: { against?: string };
    answer: IAction;
    right: 'execute';
  };
  /** Answers logged requests with a version and with the present one; the action's result says what would be different. */
  'POST models/{name}/versions/{version}/replay': {
    path: { name: string; version: number };
    body: { last?: string; against?: string; limit?: number };
    answer: IAction;
    right: 'execute';
  };
  /** Compiles a version again. */
  'POST models/{name}/versions/{version}/compile': {
    path: { name: string; version: number };
    body: Record<string, never>;
    answer: IAction;
    right: 'execute';
  };
  /** Every deployment as it is now, by name. */
  'GET deployments': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<IDeployment>;
    right: 'read';
  };
  /** A deployment as it is now, with a request that it answers. */
  'GET deployments/{name}': {
    path: { name: string };
    query: Record<string, never>;
    answer: IDeployment;
    right: 'read';
  };
  /** Every revision, the newest first: who made it, when and why. */
  'GET deployments/{name}/history': {
    path: { name: string };
    query: Record<string, never>;
    answer: IPage<IDeployment>;
    right: 'read';
  };
  /** What each served version has answered, counted; rates are the difference of two looks. */
  'GET traffic': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<ITraffic>;
    right: 'read';
  };
  /** How to ask a deployment in curl, Python and JavaScript, at its own address; and its address below Jupyter's. */
  'GET deployments/{name}/snippets': {
    path: { name: string };
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Deploys a version, with canaries and shadows; the old one serves until the new one is ready. */
  'POST deployments': {
    path: Record<string, never>;
    body: { target: string; name?: string | null; canary?: Readonly<Record<string, number | null>> | null; shadow?: readonly string[]; options?: Readonly<Record<string, unknown>> | null; log?: 'features' | 'profile' | 'off' | null; expected_revision?: number | null; reason?: string };
    answer: IAction;
    right: 'write';
  };
  /** Stops a deployment; its history stays. */
  'DELETE deployments/{name}': {
    path: { name: string };
    query: { reason?: string; expected_revision?: number | null };
    answer: IAction;
    right: 'write';
  };
  /** The change that going back would undo, and in a sentence what would become of it; of a deployment or a model. */
  'GET rollback/{name}': {
    path: { name: string };
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Undoes the last change of production. `expected_receipt` is the id of the change that the caller was shown. */
  'POST rollback/{name}': {
    path: { name: string };
    body: { reason?: string; expected_receipt?: string };
    answer: IAction;
    right: 'write';
  };
  /** What goes on in the background. */
  'GET agent': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IAgentStatus;
    right: 'read';
  };
  /** The last lines of a log: agent or server. */
  'GET agent/logs': {
    path: Record<string, never>;
    query: { name?: string; lines?: number };
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Starts the agent, or ends it with what it serves. */
  'POST agent/{change}': {
    path: { change: 'up' | 'down' };
    body: Record<string, never>;
    answer: IAction;
    right: 'execute';
  };
  /** Runs, newest first. */
  'GET runs': {
    path: Record<string, never>;
    query: { q?: string; status?: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled' | null; notebook?: string; grid?: string; limit?: number; next?: string };
    answer: IPage<IRun>;
    right: 'read';
  };
  /** A run, the cell it is at, its drift and manifest; `paths` are those of its notebooks as JupyterLab shows them. */
  'GET runs/{id}': {
    path: { id: string };
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** Two runs side by side: parameters, results, cells and outputs that differ. */
  'GET compare': {
    path: Record<string, never>;
    query: { before: string; after: string };
    answer: IRunComparison;
    right: 'read';
  };
  /** The runs of one call, counted by status and verdict; `runs?grid=` lists them. */
  'GET grids/{grid}': {
    path: { grid: string };
    query: Record<string, never>;
    answer: IGridSummary;
    right: 'read';
  };
  /** What came of repeating a run, by the id of the run that repeated it. */
  'GET reproductions/{id}': {
    path: { id: string };
    query: Record<string, never>;
    answer: IReproduction;
    right: 'read';
  };
  /** What a notebook can be run with: names, types, defaults and comments of its `parameters` cell. */
  'GET notebooks/parameters': {
    path: Record<string, never>;
    query: { path: string };
    answer: INotebookForm;
    right: 'read';
  };
  /** Starts a notebook, once or as a grid; the action's result has the ids of the runs, and of the grid. */
  'POST runs': {
    path: Record<string, never>;
    body: { notebook: string; parameters?: Readonly<Record<string, unknown>>; grid?: readonly string[]; secrets?: readonly string[]; parallel?: number | null; timeout_s?: number | null; on?: string | null };
    answer: IAction;
    right: 'execute';
  };
  /** Ends a run, whichever process started it. */
  'POST runs/{id}/cancel': {
    path: { id: string };
    body: Record<string, never>;
    answer: IAction;
    right: 'execute';
  };
  /** Ends the runs of a grid that have not ended. */
  'POST grids/{grid}/cancel': {
    path: { grid: string };
    body: Record<string, never>;
    answer: IAction;
    right: 'execute';
  };
  /** Starts again what failed, was cancelled or died, of a run or of a whole grid (`id` names either). */
  'POST runs/{id}/resume': {
    path: { id: string };
    body: { parallel?: number | null };
    answer: IAction;
    right: 'execute';
  };
  /** Runs a run again on the data, code and environment of then; the action's result says what differs. */
  'POST runs/{id}/reproduce': {
    path: { id: string };
    body: { here?: boolean };
    answer: IAction;
    right: 'execute';
  };
  /** All schedules, by name: when in words, what became of the last firing, and the three times that come next. */
  'GET schedules': {
    path: Record<string, never>;
    query: { q?: string };
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** A schedule, its next times, and what became of its last firings. */
  'GET schedules/{name}': {
    path: { name: string };
    query: { count?: number };
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
  /** What became of each firing, the newest first; of a schedule that was removed, too. */
  'GET schedules/{name}/history': {
    path: { name: string };
    query: { limit?: number };
    answer: IPage<IFiring>;
    right: 'read';
  };
  /** What a trigger means, in a sentence, and the times that come next; for the form, before anything is scheduled. */
  'GET triggers': {
    path: Record<string, never>;
    query: { every?: string | null; cron?: string | null; timezone?: string | null; after?: string | null; after_alert?: string | null; count?: number };
    answer: ITriggerPreview;
    right: 'read';
  };
  /** Runs a notebook by itself from now on; `grid` names the parameters whose list makes a run of each value. */
  'POST schedules': {
    path: Record<string, never>;
    body: { notebook: string; every?: string | null; cron?: string | null; timezone?: string | null; after?: string | null; after_alert?: string | null; name?: string | null; parameters?: Readonly<Record<string, unknown>>; grid?: readonly string[]; catch_up?: 'none' | 'last' | 'all'; overlap?: boolean; pin?: boolean; retries?: number; timeout_s?: number | null; notify?: readonly string[] };
    answer: IAction;
    right: 'write';
  };
  /** It fires no more until it is resumed. */
  'POST schedules/{name}/pause': {
    path: { name: string };
    body: Record<string, never>;
    answer: ISchedule;
    right: 'write';
  };
  /** It fires again from now on. */
  'POST schedules/{name}/resume': {
    path: { name: string };
    body: Record<string, never>;
    answer: IAction;
    right: 'write';
  };
  /** Fires it now, once, whatever its trigger says. */
  'POST schedules/{name}/run': {
    path: { name: string };
    body: Record<string, never>;
    answer: IAction;
    right: 'execute';
  };
  /** It is gone; its history stays. What is absent is left so, with `changed` false. */
  'DELETE schedules/{name}': {
    path: { name: string };
    query: Record<string, never>;
    answer: ISchedule;
    right: 'write';
  };
  /** What needs a person, the newest first; with what needed one in the past when `open_only` is false. */
  'GET alerts': {
    path: Record<string, never>;
    query: { open_only?: boolean; model?: string; limit?: number; next?: number };
    answer: IPage<IAlert>;
    right: 'read';
  };
  /** Marks an alert as dealt with. */
  'POST alerts/{id}/resolve': {
    path: { id: string };
    body: Record<string, never>;
    answer: IAlert;
    right: 'write';
  };
  /** These routes as an OpenAPI 3.1 document. */
  'GET openapi': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: Readonly<Record<string, unknown>>;
    right: 'read';
  };
}
