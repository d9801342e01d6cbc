import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = new URL('../src/main.ts', import.meta.url).pathname;

type Running = {
  readonly child: ChildProcess;
  output(): string;
  until(pattern: RegExp): Promise<RegExpMatchArray>;
  end(): Promise<number | null>;
};

function run(folder: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: new URL('..', import.meta.url).pathname,
    env: {
      PATH: process.env['PATH'] ?? '',
      SERIN_LISTEN: '127.0.0.1:0',
      SERIN_DATABASE_URL: `sqlite:${join(folder, 'serin.db')}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const changed = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      text += data.toString();
      changed.dispatchEvent(new Event('data'));
    });
  }
  return {
    child,
    output: () => text,
    end: () => ended,
    until: async (pattern) => {
      for (;;) {
        const match = pattern.exec(text);
        if (match !== null) return match;
        const over = await Promise.race([
          ended.then(() => true),
          once(changed as never, 'data').then(() => false),
        ]);
        if (over && !pattern.test(text)) throw new Error(`the process ended without ${pattern}: ${text}`);
      }
    },
  };
}

describe('serin, the binary', () => {
  let folder: string;
  const started: Running[] = [];
  const start = (args: readonly string[], env?: Record<string, string>): Running => {
    const running = run(folder, args, env);
    started.push(running);
    return running;
  };
  const write = (text: string): string => {
    const path = join(folder, 'serin.yaml');
    writeFileSync(path, text);
    return path;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-main-'));
  });
  afterEach(async () => {
    for (const { child, end } of started.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await end();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('serves, reads its file again on SIGHUP, keeps the old one when the new is wrong, and drains on SIGTERM', async () => {
    const path = write('services: [{ name: a }]');
    const serin = start(['serve', '--config', path]);
    const [, address] = await serin.until(/"address":"(http:[^"]+)"/);
    await serin.until(/"msg":"ready"/);
    assert.equal((await fetch(`${address}/readyz`)).status, 200);

    write('services: [{ name: a, foo: 1 }]');
    serin.child.kill('SIGHUP');
    await serin.until(/unknown key \\"foo\\".*the old one stays/);
    write('services: [{ name: b }]');
    serin.child.kill('SIGHUP');
    await serin.until(/the configuration was read again/);
    const refused = await fetch(`${address}/v1/analyses`, {
      method: 'POST',
      body: JSON.stringify({ service: 'x', environment: 'production' }),
    });
    assert.match(await refused.text(), /configured are b/);

    serin.child.kill('SIGTERM');
    assert.equal(await serin.end(), 0);
  });

  it('refuses an address that others can reach while there is no credential', async () => {
    const serin = start(['serve'], { SERIN_LISTEN: '0.0.0.0:0' });
    assert.equal(await serin.end(), 2);
    assert.match(serin.output(), /no credential is configured.*--allow-unauthenticated/);
  });

  it('listens where others can reach it once a token exists, and lets nobody in without', async function () {
    // Three processes, one after the other.
    this.timeout(60_000);
    const made = start(['token', 'create', '--role', 'read', '--name', 'ci']);
    assert.equal(await made.end(), 0);
    const token = made.output().match(/^serin_\S+$/m)?.[0] ?? '';
    const serin = start(['serve'], { SERIN_LISTEN: '0.0.0.0:0' });
    const [, port] = await serin.until(/"address":"http:[^"]+:(\d+)"/);
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/v1/analyses`, { headers });
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask({ authorization: `Bearer ${token}` })).status, 200);

    const revoked = start(['token', 'revoke', 'ci']);
    assert.equal(await revoked.end(), 0);
    while ((await ask({ authorization: `Bearer ${token}` })).status !== 401);
    assert.ok(!serin.output().includes(token.slice(6, 40)));
  });

  it('lets others in without a credential only when told so, and then not to loosen', async () => {
    const serin = start(['serve', '--allow-unauthenticated'], { SERIN_LISTEN: '0.0.0.0:0' });
    const [, port] = await serin.until(/"address":"http:[^"]+:(\d+)"/);
    await serin.until(/"msg":"ready"/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v1/analyses`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v1/tokens`)).status, 403);
  });

  it('refuses a wrong configuration with every path, and stores nothing', async () => {
    const serin = start(['serve', '--config', write('foo: 1\nservices: [{ bar: 2 }]')]);
    assert.equal(await serin.end(), 2);
    assert.match(serin.output(), /services\[0\]\.name: is missing/);
    assert.match(serin.output(), /unknown key "foo"/);
  });

  it('migrates, and says when there is nothing to do', async () => {
    const first = start(['migrate']);
    assert.equal(await first.end(), 0);
    assert.match(first.output(), /applied 0001-runs/);
    const second = start(['migrate']);
    assert.equal(await second.end(), 0);
    assert.match(second.output(), /the database is up to date/);
  });

  it('checks a configuration: every query once, for both arms', async () => {
    const template =
      'templates: [{ name: t, duration: 30m, metrics: [{ name: e, kind: gauge, provider: p, query: "QUERY" }] }]';
    const text = `providers: { p: { type: synthetic } }\nservices: [{ name: a, template: t }]\n${template}`;
    const fine = start(['config', 'check', '--config', write(text.replace('QUERY', 'cpu'))]);
    assert.equal(await fine.end(), 0);
    assert.match(
      fine.output(),
      /ok +template t, service a, e value \(canary\): 5 of the last 5 steps have a value/,
    );
    const wrong = start(['config', 'check', '--config', write(text.replace('QUERY', 'cqu'))]);
    assert.equal(await wrong.end(), 2);
    assert.match(wrong.output(), /problem +template t, service a, e value \(canary\): .*cqu/);
  });
});
