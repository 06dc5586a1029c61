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

/** What a rule raised: from which window, with what behind it, and until when. */
export interface IAlarm {
  readonly rule: string;
  readonly severity: string;
  readonly model: string;
  readonly version: string;
  readonly deployment: string;
  readonly segment: string;
  readonly cause: string;
  readonly begin: string;
  readonly raised: string;
  readonly newest: string;
  readonly worst: string;
  readonly worst_end: string;
  readonly bad: number;
  readonly message: string;
  readonly hint: string;
  readonly features: readonly string[];
  readonly since: Readonly<Record<string, string>>;
  readonly over: string | null;
  readonly numbers: Readonly<Record<string, number | null>>;
  readonly also: readonly string[];
  readonly source: string;
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

/** What somebody, or the watch itself, did about an alert. */
export interface IAlertEvent {
  readonly what: string;
  readonly at: string;
  readonly alert: string;
  readonly model: string;
  readonly actor: string;
  readonly reason: string;
  readonly until: string | null;
}

/** What rules would have raised. */
export interface IBacktest {
  readonly model: string;
  readonly days: number;
  readonly since: string | null;
  readonly until: string | null;
  readonly windows: number;
  readonly rules: string;
  readonly alarms: readonly IAlarm[];
  readonly summary: string;
}

/** One objective held against one pair of windows. */
export interface IBurn {
  readonly objective: string;
  readonly rule: string;
  readonly factor: number | null;
  readonly severity: string;
  readonly long: number | null;
  readonly short: number | null;
  readonly bad: number | null;
  readonly n: number;
  readonly burning: boolean;
}

/** One feature in one window. */
export interface ICell {
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly severity: number | null;
  readonly effect: number | null;
  readonly statistic: string;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly windows: number;
  readonly moved: number;
  readonly reason: string;
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

/** What one look at the labels says. */
export interface IConcept {
  readonly verdict: 'ok' | 'diverging' | 'worse' | 'warning' | 'none';
  readonly seen: number | null;
  readonly expected: number | null;
  readonly z: number | null;
  readonly rows: number;
  readonly at: number | null;
  readonly reason: string;
}

/** A notebook that is shown as a page. */
export interface IDashboard {
  readonly name: string;
  readonly title: string;
  readonly path: string;
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

/** Metrics that nobody has seen yet; or why there are none. */
export interface IEstimated {
  readonly rows: number;
  readonly metrics: Readonly<Record<string, IMeasured>>;
  readonly note: string;
  readonly estimate: boolean;
  readonly assumes: string;
}

/** A metric in one window. */
export interface IFigure {
  readonly metric: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly reference: number | null;
  readonly n: number;
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly note: string;
}

/** One thing `doctor` looked at. */
export interface IFinding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy: string;
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

/** How far a year in a minute is, and what came of it. */
export interface ILive {
  readonly phase: 'none' | 'starting' | 'playing' | 'broken' | 'found' | 'back' | 'over' | 'failed';
  readonly says: string;
  readonly waits: '' | 'break' | 'back';
  readonly model: string;
  readonly url: string;
  readonly version: string;
  readonly release: string;
  readonly day: string;
  readonly days: number;
  readonly of: number;
  readonly rows: number;
  readonly requests: number;
  readonly failed: number;
  readonly labelled: number;
  readonly alerts: number;
  readonly broken_on: string;
  readonly alert: string;
  readonly feature: string;
  readonly message: string;
  readonly run: string;
  readonly investigation: string;
  readonly receipt: string;
  readonly reproduced: string;
  readonly identical: boolean | null;
  readonly seconds: number | null;
  readonly pid: number;
  readonly since: string;
  readonly error: string;
}

/** One number a pass took. `version` is a reference like delay/2; `source` is the role of the rows: live, canary, shadow, batch, local. */
export interface IMeasure {
  readonly model: string;
  readonly kind: 'drift' | 'quality' | 'skew' | 'volume' | 'freshness' | 'performance' | 'estimate' | 'concept' | 'labels' | 'service';
  readonly name: string;
  readonly value: number | null;
  readonly start: string;
  readonly end: string;
  readonly version: string;
  readonly deployment: string;
  readonly source: string;
  readonly segment: string;
  readonly feature: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly threshold: number | null;
  readonly reference: number | null;
  readonly effect: number | null;
  readonly severity: number | null;
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly n: number;
  readonly reason: string;
}

/** A number and the interval that holds it with a confidence of 95 %. */
export interface IMeasured {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
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

/** What nobody wants to hear of. */
export interface IMute {
  readonly model: string;
  readonly feature: string;
  readonly kind: string;
  readonly reason: string;
  readonly actor: string;
  readonly at: string | null;
  readonly until: string | null;
}

/** What a notebook can be run with. */
export interface INotebookForm {
  readonly path: string;
  readonly kernel: string;
  readonly language: string;
  readonly tagged: boolean;
  readonly parameters: readonly IParameter[];
  readonly secrets: readonly string[];
  readonly findings: readonly IFinding[];
}

/** What a deployment promises; the key `service` of `watch/MODEL.yaml`. */
export interface IObjectives {
  readonly availability: number | null;
  readonly latency_share: number | null;
  readonly latency_ms: number | null;
  readonly least: number;
}

/** One parameter of a notebook, as its `parameters` cell declares it. */
export interface IParameter {
  readonly name: string;
  readonly default: string;
  readonly type: string;
  readonly help: string;
}

/** Realised and estimated performance of a model. No labels is never green. */
export interface IPerformanceReport {
  readonly model: string;
  readonly window: string;
  readonly by: string;
  readonly state: string;
  readonly now: string | null;
  readonly summary: string;
  readonly headline: string;
  readonly windows: readonly IPerformanceWindow[];
  readonly trends: readonly ITrend[];
  readonly notes: readonly string[];
}

/** One version in one window, all rows or one segment of them. */
export interface IPerformanceWindow {
  readonly version: string;
  readonly segment: string;
  readonly start: string;
  readonly end: string;
  readonly n: number;
  readonly labelled: number;
  readonly coverage: number | null;
  readonly realised: IRealised;
  readonly estimated: IEstimated;
  readonly concept: IConcept;
  readonly note: string;
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

/** What labelled rows say. */
export interface IRealised {
  readonly state: 'known' | 'few' | 'none';
  readonly labelled: number;
  readonly metrics: Readonly<Record<string, IMeasured>>;
  readonly note: string;
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

/** What makes an alert. */
export interface IRule {
  readonly name: string;
  readonly kind: 'drift' | 'quality' | 'skew' | 'volume' | 'freshness' | 'performance' | 'estimate' | 'concept' | 'labels' | 'service';
  readonly measures: readonly string[];
  readonly features: readonly string[];
  readonly segments: readonly string[];
  readonly when: readonly string[];
  readonly above: number | null;
  readonly below: number | null;
  readonly broken: boolean;
  readonly step: number | null;
  readonly whole: boolean;
  readonly unless: readonly string[];
  readonly every: string;
  readonly k: number;
  readonly n: number;
  readonly clear: number;
  readonly cool_down: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly enabled: boolean;
  readonly says: string;
  readonly hint: string;
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

/** One number of the service over all windows. */
export interface IServiceLevel {
  readonly name: string;
  readonly deployment: string;
  readonly value: number | null;
  readonly target: number | null;
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly values: readonly (number | null)[];
  readonly reason: string;
}

/** How a deployment serves. Nobody looked is never green. */
export interface IServiceReport {
  readonly deployment: string;
  readonly model: string;
  readonly state: string;
  readonly summary: string;
  readonly now: string;
  readonly window: string;
  readonly objectives: IObjectives;
  readonly windows: readonly IServiceWindow[];
  readonly burns: readonly IBurn[];
  readonly notes: readonly string[];
}

/** A deployment, or one of its versions, in one window. None: nobody knows. */
export interface IServiceWindow {
  readonly start: string;
  readonly end: string;
  readonly version: string;
  readonly requests: number;
  readonly rate: number | null;
  readonly error_share: number | null;
  readonly client_share: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly slow_share: number | null;
  readonly uptime: number | null;
  readonly probes: number;
  readonly watched: number | null;
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly note: string;
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

/** How one feature was distributed in the reference and in a window: shares of rows. */
export interface IShape {
  readonly feature: string;
  readonly window: string;
  readonly names: readonly string[];
  readonly edges: readonly (number | null)[];
  readonly reference: readonly (number | null)[];
  readonly seen: readonly (number | null)[];
  readonly nulls: readonly (number | null)[];
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

/** The newest labelled rows of a version, in the order of their events. */
export interface ITrend {
  readonly version: string;
  readonly error_rate: IConcept;
  readonly cusum: IConcept;
  readonly since: string | null;
  readonly creeping_since: string | null;
}

/** What a trigger means. */
export interface ITriggerPreview {
  readonly trigger: string;
  readonly spec: string;
  readonly timezone: string;
  readonly sentence: string;
  readonly next: readonly string[];
}

/** A notebook that teaches. */
export interface ITutorial {
  readonly name: string;
  readonly title: string;
  readonly says: string;
  readonly path: string;
}

/** A tutorial to be run. */
export interface ITutorialCopy {
  readonly path: string;
  readonly new: boolean;
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
  readonly run: string;
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

/** How a model is: its state, its windows, what moved, the alerts, and what changed in production. No data is never green. */
export interface IWatchReport {
  readonly model: string;
  readonly version: string;
  readonly window: string;
  readonly now: string | null;
  readonly state: 'ok' | 'changed' | 'drifted' | 'failing' | 'unlabelled' | 'silent' | 'unknown';
  readonly means: string;
  readonly summary: readonly string[];
  readonly headline: string;
  readonly alias: string;
  readonly since: string | null;
  readonly windows: readonly IWatchWindow[];
  readonly features: readonly IWatchedFeature[];
  readonly alerts: readonly IAlert[];
  readonly receipts: readonly IReceipt[];
  readonly services: readonly IServiceLevel[];
  readonly shapes: readonly IShape[];
  readonly notes: readonly string[];
  readonly links: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly made_at: string | null;
  readonly made_by: string;
  readonly digest: string;
}

/** What is known of a model in one stretch of time. */
export interface IWatchWindow {
  readonly label: string;
  readonly start: string;
  readonly end: string;
  readonly state: 'ok' | 'changed' | 'drifted' | 'failing' | 'unlabelled' | 'silent' | 'unknown';
  readonly version: string;
  readonly rows: number | null;
  readonly coverage: number | null;
  readonly settled: boolean;
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  readonly reason: string;
  readonly score: number | null;
  readonly bound: number | null;
  readonly drifted: readonly string[];
  readonly changed: readonly string[];
  readonly realised: IFigure;
  readonly estimated: IFigure;
  readonly problems: readonly string[];
  readonly alerts: readonly string[];
}

/** A feature over all windows. */
export interface IWatchedFeature {
  readonly name: string;
  readonly share: number | null;
  readonly severity: number | null;
  readonly moved: number;
  readonly is_answer: boolean;
  readonly cells: readonly ICell[];
}

/** How a model is, in a line. */
export interface IWatchedModel {
  readonly model: string;
  readonly state: 'ok' | 'changed' | 'drifted' | 'failing' | 'unlabelled' | 'silent' | 'unknown';
  readonly means: string;
  readonly summary: string;
  readonly version: string;
  readonly now: string | null;
  readonly rows: number | null;
  readonly alerts: number;
  readonly critical: number;
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
  /** Loads a year of flights: data, a proven model, a run for each month, a deployment, alerts. Takes minutes. */
  'POST demo': {
    path: Record<string, never>;
    body: { months?: string };
    answer: IAction;
    right: 'execute';
  };
  /** How far the year of `mlops-nb demo --live` is that was played last, or is being played. */
  'GET demo/live': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: ILive;
    right: 'read';
  };
  /** Plays a year of flights, or these months, by hand: it waits up to five minutes for each step. The result is how it ended. */
  'POST demo/live': {
    path: Record<string, never>;
    body: { months?: string; seconds?: number | null };
    answer: IAction;
    right: 'execute';
  };
  /** Asks whoever plays to break the feed, to roll it back, or to stop. */
  'POST demo/live/step': {
    path: Record<string, never>;
    body: { step: 'break' | 'back' | 'stop' };
    answer: ILive;
    right: 'execute';
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
  /** A version, the champion to compare it with, where it is served, contract, lineage (`notebook` as JupyterLab shows it), newest check. */
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
  /** Runs, newest first; with `fold` of each grid only the newest that fits: `grids/{grid}` counts the others. */
  'GET runs': {
    path: Record<string, never>;
    query: { q?: string; status?: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled' | null; notebook?: string; grid?: string; fold?: boolean; limit?: number; next?: string };
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
  /** The executed notebook of a run, as JSON. */
  'GET runs/{id}/notebook': {
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
    body: { notebook: string; parameters?: Readonly<Record<string, unknown>> | null; grid?: readonly string[]; secrets?: readonly string[]; parallel?: number | null; timeout_s?: number | null; on?: string | null };
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
    body: { notebook: string; every?: string | null; cron?: string | null; timezone?: string | null; after?: string | null; after_alert?: string | null; name?: string | null; parameters?: Readonly<Record<string, unknown>> | null; grid?: readonly string[]; catch_up?: 'none' | 'last' | 'all'; overlap?: boolean; pin?: boolean; retries?: number; timeout_s?: number | null; notify?: readonly string[] };
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
  /** Every watched model as its newest days are, the worst first, with how many alerts are open; from what is stored. */
  'GET watch': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<IWatchedModel>;
    right: 'read';
  };
  /** How a model, or one version, is and was: windows, features, performance, alerts, changes. Takes no pass. */
  'GET watch/{model}': {
    path: { model: string };
    query: { version?: number | null; window?: string; last?: string };
    answer: IWatchReport;
    right: 'read';
  };
  /** What passes have found, in the order of time: windows that begin at `since` or later and before `until`; `kinds` is drift,volume,… */
  'GET watch/{model}/measures': {
    path: { model: string };
    query: { since?: string; until?: string; kinds?: string; version?: number | null; feature?: string; segment?: string; window?: string; limit?: number; next?: number };
    answer: IPage<IMeasure>;
    right: 'read';
  };
  /** How a feature was distributed in training (what the model answers: on held-out rows) and in a window: shares of rows. */
  'GET watch/{model}/shape': {
    path: { model: string };
    query: { feature: string; start: string; end: string; version?: number | null };
    answer: IShape;
    right: 'read';
  };
  /** How right a model is: from labels, estimated without them, and whether the two part; `by` is a segment column. */
  'GET watch/{model}/performance': {
    path: { model: string };
    query: { window?: string; by?: string | null; version?: number | null; last?: string };
    answer: IPerformanceReport;
    right: 'read';
  };
  /** Whether a deployment answers, how quickly, how often it fails, and how fast its allowance is used up. */
  'GET deployments/{name}/service': {
    path: { name: string };
    query: { window?: string; last?: string };
    answer: IServiceReport;
    right: 'read';
  };
  /** What needs a person, the newest first; with what needed one in the past when `open_only` is false, or `state` is over. */
  'GET alerts': {
    path: Record<string, never>;
    query: { state?: 'open' | 'acked' | 'snoozed' | 'over' | null; model?: string; open_only?: boolean; limit?: number; next?: string };
    answer: IPage<IAlert>;
    right: 'read';
  };
  /** An alert, open or over, with the evidence for it. */
  'GET alerts/{id}': {
    path: { id: string };
    query: Record<string, never>;
    answer: IAlert;
    right: 'read';
  };
  /** What was done about an alert, by whom and why, the newest first. */
  'GET alerts/{id}/history': {
    path: { id: string };
    query: { limit?: number };
    answer: IPage<IAlertEvent>;
    right: 'read';
  };
  /** Somebody looks after it: it stays open, and nobody is told of it any more. */
  'POST alerts/{id}/ack': {
    path: { id: string };
    body: { note?: string };
    answer: IAlert;
    right: 'write';
  };
  /** Nobody is told of it until then: an instant, or how long (12h, 3d). */
  'POST alerts/{id}/snooze': {
    path: { id: string };
    body: { until: string; reason: string };
    answer: IAlert;
    right: 'write';
  };
  /** Marks an alert as dealt with. */
  'POST alerts/{id}/resolve': {
    path: { id: string };
    body: { reason?: string };
    answer: IAlert;
    right: 'write';
  };
  /** Runs the investigation of an alert, once unless `again`; the action's result is its run. */
  'POST alerts/{id}/investigate': {
    path: { id: string };
    body: { again?: boolean };
    answer: IAction;
    right: 'execute';
  };
  /** What is muted at this moment, with why and until when. */
  'GET mutes': {
    path: Record<string, never>;
    query: { model?: string };
    answer: IPage<IMute>;
    right: 'read';
  };
  /** Nothing of that feature, or of that kind of alert, is raised any more; `until` as in a snooze, empty: until it is taken back. */
  'POST mutes': {
    path: Record<string, never>;
    body: { model: string; reason: string; feature?: string; kind?: string; until?: string };
    answer: IMute;
    right: 'write';
  };
  /** It is heard of again. What was not muted is left so, with `changed` false. */
  'DELETE mutes': {
    path: Record<string, never>;
    query: { model: string; feature?: string; kind?: string };
    answer: Readonly<Record<string, unknown>>;
    right: 'write';
  };
  /** What somebody is told of about a model: the rules of its watch file over the usual ones. */
  'GET watch/{model}/rules': {
    path: { model: string };
    query: Record<string, never>;
    answer: IPage<IRule>;
    right: 'read';
  };
  /** What the rules would have raised in so many days before the newest window, and how often that is. */
  'GET watch/{model}/backtest': {
    path: { model: string };
    query: { days?: number };
    answer: IBacktest;
    right: 'read';
  };
  /** Declares a window normal, a further reference from then on; or takes such a receipt back (`undo`). */
  'POST watch/{model}/expect': {
    path: { model: string };
    body: { start?: string; end?: string; feature?: string; reason?: string; version?: number | null; undo?: string };
    answer: IReceipt;
    right: 'write';
  };
  /** Measures what has changed since the pass before; the action's result says how much, and which alerts that raised. */
  'POST watch/{model}/pass': {
    path: { model: string };
    body: { window?: string };
    answer: IAction;
    right: 'execute';
  };
  /** Trains a challenger, checks it against the champion and proposes it; the action's result is the proposal, an alert. */
  'POST watch/{model}/retrain': {
    path: { model: string };
    body: { alert?: string; notebook?: string | null; parameters?: Readonly<Record<string, unknown>> | null };
    answer: IAction;
    right: 'execute';
  };
  /** Challengers that wait for a decision, the newest first; also those decided on when `open_only` is false. */
  'GET watch/{model}/proposals': {
    path: { model: string };
    query: { open_only?: boolean };
    answer: IPage<IAlert>;
    right: 'read';
  };
  /** The dashboards of the workspace: those that came, then its own. */
  'GET dashboards': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<IDashboard>;
    right: 'read';
  };
  /** Notebooks that teach, in the order in which they are best read. */
  'GET tutorials': {
    path: Record<string, never>;
    query: Record<string, never>;
    answer: IPage<ITutorial>;
    right: 'read';
  };
  /** A copy of a tutorial in the folder `tutorials`; one that is there is left as it is. */
  'POST tutorials/{name}/copy': {
    path: { name: string };
    body: Record<string, never>;
    answer: ITutorialCopy;
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

/** The version of the package that these were made from. */
export const VERSION = '0.1.0';
