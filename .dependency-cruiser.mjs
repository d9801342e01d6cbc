// Who may import whom. Every rule says what to do when it fires; a broken rule fails `npm run check`.

/** Only the files that match `from` may import the package (or builtin) `to`. */
const door = (name, to, from, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(src|db)/', pathNot: from },
  to: { path: `^node_modules/${to}/` },
});

/** Words without a domain that every folder but the judge may use. */
const shared = [
  '^src/deadline\\.ts$',
  '^src/errors\\.ts$',
  '^src/parse\\.ts$',
  '^src/duration(-text)?\\.ts$',
];

/** Inside `src/<name>/`, of our own code only `may` and the shared words may be imported. */
const folder = (name, may, comment) => ({
  name: `${name}-knows-its-neighbours`,
  comment,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^(src|db)/', pathNot: [`^src/${name}/`, ...shared, ...may] },
});

const layers = [
  {
    name: 'judge-is-pure',
    comment:
      'The judge turns numbers into a judgement: no I/O, no clock, no builtin, one statistics library. Pass what it needs as an argument.',
    severity: 'error',
    from: { path: '^src/judge/' },
    to: { pathNot: ['^src/judge/', '^src/errors\\.ts$', '^node_modules/simple-statistics/'] },
  },
  folder(
    'analysis',
    [
      '^src/judge/',
      '^src/metrics/(provider|template)\\.ts$',
      '^src/ledger/',
      '^src/notify/outbox-store\\.ts$',
    ],
    'A run steps by asking a Provider and the judge. Declare the interface you need here, implement it in store/ or metrics/<x>/, join both in app.ts.',
  ),
  folder(
    'metrics',
    ['^src/judge/types\\.ts$'],
    'A provider returns a Series and judges nothing. Move what decides into judge/ or analysis/.',
  ),
  folder(
    'ledger',
    ['^src/judge/statistics/wilson\\.ts$'],
    'The ledger keeps facts about changes and asks nobody; the Wilson interval is all it borrows. Let the caller pass the fact in.',
  ),
  folder(
    'gate',
    ['^src/judge/types\\.ts$', '^src/(analysis|ledger)/', '^src/notify/outbox-store\\.ts$'],
    'The gate combines what analysis and ledger know. Ask them, not what lies behind them.',
  ),
  folder(
    'notify',
    [
      '^src/auth/',
      '^src/gate/',
      '^src/judge/types\\.ts$',
      '^src/analysis/run\\.ts$',
      '^src/ledger/change\\.ts$',
    ],
    'A notifier renders and sends. Decide before the message reaches the outbox.',
  ),
  folder(
    'store',
    ['^src/(judge|analysis|ledger|gate|notify|auth)/', '^db/'],
    'A store implements interfaces that other folders declare. Declare the interface there, not here.',
  ),
  folder('auth', [], 'Tokens and signatures: no storage and no HTTP. Take what you need as an argument.'),
  folder(
    'api',
    ['^src/judge/types\\.ts$', '^src/(analysis|ledger|gate|auth|telemetry)/'],
    'A router maps one caller protocol to use cases; it sees neither SQL nor a provider. Add a use case instead.',
  ),
  folder(
    'web',
    ['^src/judge/types\\.ts$', '^src/(analysis|ledger|gate|auth|telemetry)/'],
    'A page shows what the use cases answer; it sees neither SQL nor a provider. Add a read function instead.',
  ),
  folder('telemetry', [], 'Logs and metrics know nothing of the domain. Pass plain names and numbers.'),
  folder(
    'cli',
    ['^src/api/schema\\.gen\\.ts$', '^src/judge/'],
    'The command line is an HTTP client with the pure judge. Ask the service over HTTP; what needs the service inside belongs to main.ts.',
  ),
  {
    name: 'action-is-a-gate',
    comment:
      'The GitHub Action is `serin gate` in another coat: it shares its waiting and brings only what the runner asks for. A bundle that every job loads stays small.',
    severity: 'error',
    from: { path: '^action/src/' },
    to: {
      path: '^(src|db|node_modules)/',
      pathNot: ['^src/cli/', '^src/api/schema\\.gen\\.ts$', '^src/errors\\.ts$', '^src/duration-text\\.ts$'],
    },
  },
  {
    name: 'action-carries-no-server',
    comment: 'Not even through a friend: the bundle holds the gate, a YAML reader and nothing else.',
    severity: 'error',
    from: { path: '^action/src/' },
    to: {
      path: '^(src/(store|app\\.ts|config\\.ts)|db/|node_modules/(knex|sqlite3|pg|express|axios|zod)/)',
      reachable: true,
    },
  },
  {
    name: 'nobody-imports-the-action',
    comment: 'The action uses the command line, never the other way round.',
    severity: 'error',
    from: { path: '^(src|db)/' },
    to: { path: '^action/' },
  },
  {
    name: 'store-is-reached-through-interfaces',
    comment:
      'Only app.ts and migrations wiring see the store. Depend on the interface and let app.ts pass the store in.',
    severity: 'error',
    from: { path: '^src/[^/]+/', pathNot: '^src/store/' },
    to: { path: '^(src/store|db)/' },
  },
  {
    name: 'siblings-do-not-meet',
    comment:
      'A provider or notifier folder never imports its neighbour, so that deleting one breaks only the registry. Move what both need one folder up.',
    severity: 'error',
    from: { path: '^src/(metrics|notify)/([^/]+)/' },
    to: { path: '^src/(metrics|notify)/[^/]+/', pathNot: '^src/$1/$2/' },
  },
  {
    name: 'registry-is-the-only-door',
    comment: 'Only the registry names a provider or notifier. Ask the registry for it by its type.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(metrics|notify)/(registry\\.ts$|[^/]+/)' },
    to: { path: '^src/(metrics|notify)/[^/]+/' },
  },
  {
    name: 'nobody-imports-the-root',
    comment:
      'app.ts wires everything and nothing is wired through it; only main.ts and the demo start it. Take the part you need as an argument.',
    severity: 'error',
    from: { path: '^(src|db)/', pathNot: '^src/(main|demo)\\.ts$' },
    to: { path: '^src/(app|main)\\.ts$' },
  },
  {
    name: 'cli-reaches-no-server',
    comment: 'Not even through a friend: a CI job that runs the gate loads no database driver and no server.',
    severity: 'error',
    from: { path: '^src/cli/' },
    to: {
      path: '^(src/(store|app\\.ts|config\\.ts)|db/|node_modules/(knex|sqlite3|pg|express|axios)/)',
      reachable: true,
    },
  },
];

const doors = [
  door(
    'axios-in-one-place',
    'axios',
    '^src/metrics/http\\.ts$',
    'Deadlines, retries, redaction and size limits live in metrics/http.ts. Call it.',
  ),
  door(
    'sql-in-the-store',
    '(knex|sqlite3|pg)',
    '^(src/store|db)/',
    'Nobody else sees a row. Add a function to the store and declare it where it is needed.',
  ),
  door(
    'express-at-the-edge',
    '(express|express-openapi-validator|helmet)',
    '^src/(api|web)/',
    'HTTP stops at the router. Take values, not requests.',
  ),
  door(
    'ajv-in-one-place',
    'ajv',
    '^src/api/backfill/check-item\\.ts$',
    'Requests are held against openapi.yaml before a router sees them; only what is checked item by item needs more.',
  ),
  door(
    'csv-where-files-are-read',
    'csv-parse',
    '^src/cli/backfill-csv\\.ts$',
    'CSV is read where the file is; pass what it says.',
  ),
  door(
    'cron-in-one-place',
    'node-cron',
    '^src/analysis/scheduler\\.ts$',
    'node-cron only ticks; the database says what is due. Hang work on the scheduler.',
  ),
  door(
    'telemetry-libraries',
    '(pino|prom-client|@opentelemetry)',
    '^src/telemetry/',
    'Take a Logger or a counter of telemetry/ as an argument.',
  ),
  door(
    'request-log-library',
    'pino-http',
    '^src/(telemetry|api)/',
    'The request log is set up once, where the router is.',
  ),
  door(
    'commander-in-the-command-line',
    'commander',
    '^src/(cli/|main\\.ts$)',
    'Arguments are read at the edge; take values.',
  ),
  door(
    'zod-at-the-edges',
    'zod',
    '^src/([^/]+\\.ts$|analysis/plan(-kayenta)?\\.ts$|metrics/|api/|notify/|auth/)',
    'Input is parsed where it comes in; inside, types are enough.',
  ),
  door(
    'yaml-where-files-are-read',
    'yaml',
    '^src/([^/]+\\.ts$|api/|cli/|metrics/prometheus/)',
    'YAML is read at the edge, where a file or a backend speaks it; pass what it says.',
  ),
];

const hygiene = [
  {
    name: 'no-cycles',
    comment: 'Move what both need into the one that is asked.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'Nobody imports this file and it imports nobody: wire it or delete it.',
    severity: 'error',
    from: { orphan: true, path: '^(src|db)/', pathNot: '\\.(gen|d)\\.ts$' },
    to: {},
  },
  {
    name: 'no-test-in-production',
    comment: 'Production code never needs a test helper. Move it to src/ or pass it in.',
    severity: 'error',
    from: { path: '^(src|db)/' },
    to: { path: '^test/' },
  },
  {
    name: 'no-dev-dependency',
    comment: 'An installation has no dev dependencies. Move the package to dependencies in package.json.',
    severity: 'error',
    from: { path: '^(src|db)/' },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] },
  },
  {
    name: 'only-named-dependencies',
    comment: 'The package comes in by chance, through another one. Name it in package.json.',
    severity: 'error',
    from: { path: '^(src|db)/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'resolvable',
    comment: 'The file or package does not exist.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [...layers, ...doors, ...hygiene],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};
