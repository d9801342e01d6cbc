import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Role } from '../../src/auth/caller.ts';
import { openDatabase } from '../../src/store/database.ts';
import { databases, type TestDatabase } from './databases.ts';
import { openGate } from './gate-to-postgres.ts';
import { environmentOf, program, type ServeOptions, type Serving, serve } from './serving.ts';
import { newSignal } from './signal.ts';

export const databaseNames = ['sqlite', 'postgres'] as const;
export type DatabaseName = (typeof databaseNames)[number];

/**
 * Serin as a process, on a database of its own that can be taken away and given back. A look that was under way when
 * the process or the database went keeps its lease, so its analysis may go on only after a minute and a half.
 */
export type SerinProcess = Serving & {
  readonly databaseUrl: string;
  /** Makes a token as a user does, with `serin token create` on the database; access control is on from then on. */
  createToken(role: Role | readonly Role[], options?: TokenOptions): Promise<string>;
  /** Every write fails from now on, as it does when the database's host is away or its file is locked. */
  breakDatabase(): Promise<void>;
  mendDatabase(): Promise<void>;
};

/** Judges made-up signals within five seconds: a harmless change passes, `errors-x5` fails within three. */
export const secondsTemplate = {
  name: 'seconds',
  duration: '5s',
  interval: '1s',
  delay: '0s',
  alpha: 0.01,
  metrics: [
    {
      name: 'errors',
      kind: 'ratio',
      provider: 'synthetic',
      events: 'errors',
      total: 'requests',
      acceptable: 2,
    },
  ],
};

/**
 * A configuration with the service `checkout` under `secondsTemplate`, and the same with two minutes for what must
 * still run. How a canary behaves is said by its scope: `scenario: harmless | errors-x5 | no-data | …`.
 */
export const secondsConfig = {
  providers: { synthetic: { type: 'synthetic' } },
  templates: [secondsTemplate, { ...secondsTemplate, name: 'minutes', duration: '2m' }],
  services: [
    {
      name: 'checkout',
      template: 'seconds',
      scopes: { canary: { arm: 'canary' }, baseline: { arm: 'baseline' } },
    },
  ],
  environments: [{ name: 'production', production: true }],
};

type TokenOptions = { readonly name?: string; readonly services?: readonly string[] };

const run = promisify(execFile);
let tokensMade = 0;

/** The token stands alone on the last line. */
async function createToken(
  env: NodeJS.ProcessEnv,
  roles: readonly Role[],
  { name, services = [] }: TokenOptions,
): Promise<string> {
  tokensMade += 1;
  const flags = [
    ...roles.flatMap((role) => ['--role', role]),
    ...services.flatMap((service) => ['--service', service]),
    ...['--name', name ?? `token-${tokensMade}`],
  ];
  const { stdout } = await run(process.execPath, [...program, 'token', 'create', ...flags], {
    env: { ...process.env, ...env },
  });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

/** A database and a way to it that can be shut. */
type Breakable = {
  readonly url: string;
  breakDatabase(): Promise<void>;
  mendDatabase(): Promise<void>;
  close(): Promise<void>;
};

/** Another process's lock, held for as long as it takes. */
function lockFile(url: string): { readonly locked: Promise<void>; release(): Promise<void> } {
  const database = openDatabase(url, { busyTimeoutMs: 20_000 });
  const held = newSignal();
  const release = newSignal();
  const done = database.transaction(async () => {
    held.give();
    await release.given;
  });
  return {
    locked: held.given,
    release: async () => {
      release.give();
      await done;
      await database.close();
    },
  };
}

function makeSqlite(folder: string): Breakable {
  const url = `sqlite:${join(folder, 'serin.db')}`;
  let lock: ReturnType<typeof lockFile> | null = null;
  const mendDatabase = async (): Promise<void> => {
    await lock?.release();
    lock = null;
  };
  return {
    url,
    breakDatabase: async () => {
      lock ??= lockFile(url);
      await lock.locked;
    },
    mendDatabase,
    close: mendDatabase,
  };
}

async function makePostgres(): Promise<Breakable> {
  const open = databases.find(({ name }) => name === 'PostgreSQL')?.open as () => Promise<TestDatabase>;
  const test = await open();
  const gate = await openGate(test.url);
  let isOpen = true;
  const shut = async (): Promise<void> => {
    if (isOpen) await gate.shut();
    isOpen = false;
  };
  return {
    url: gate.url,
    breakDatabase: shut,
    mendDatabase: async () => {
      if (!isOpen) await gate.open();
      isOpen = true;
    },
    close: async () => {
      await shut();
      await test.close();
    },
  };
}

/** Those that no test came to remove, for instance because it was interrupted. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Starts Serin as a process on the loopback, with an empty database of that kind; resolves when it is ready. `stop` ends
 * the process and removes what was made for it.
 *
 * @param options.config - the configuration as YAML, or as what YAML would say; `secondsConfig` by default
 * @param options.env - variables that replace what the process gets by default
 */
export async function startSerin(options: {
  readonly database: DatabaseName;
  readonly config?: string | object;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<SerinProcess> {
  const { database, config = secondsConfig, env = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'serin-process-'));
  folders.add(folder);
  const breakable = database === 'sqlite' ? makeSqlite(folder) : await makePostgres();
  const how: ServeOptions = {
    name: `on ${database}`,
    folder,
    config: typeof config === 'string' ? config : stringify(config),
    databaseUrl: breakable.url,
    env,
  };
  const serving = await serve(how);
  return {
    ...serving,
    databaseUrl: breakable.url,
    createToken: (role, options = {}) => createToken(environmentOf(how, 0), [role].flat() as Role[], options),
    breakDatabase: breakable.breakDatabase,
    mendDatabase: breakable.mendDatabase,
    stop: async () => {
      await breakable.mendDatabase();
      await serving.stop();
      await breakable.close();
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
}
