import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { program } from '../support/serving.ts';
import { sideBySide } from '../support/side-by-side.ts';

const token = 'serin-ci-job-0123456789abcdef0123456789abcdef';
const config = { ...secondsConfig, auth: { tokens: [{ name: 'ci', roles: ['gate'], token }] } };

type Ended = { readonly code: number | null; readonly text: string };

/** `serin gate` as a step of a job, or as the container of a Kubernetes Job, runs it. */
function runGate(serin: SerinProcess, scenario: string, flags: readonly string[], secret = token) {
  const all = [
    '--service',
    'checkout',
    '--environment',
    'production',
    '--key',
    `${scenario} ${flags.join()}`,
  ];
  const args = [...program, 'gate', ...all, '--canary', `scenario=${scenario}`, ...flags];
  const env = { ...process.env, SERIN_URL: serin.url, SERIN_TOKEN: secret };
  return new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, args, { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, text: `${stdout}${stderr}` }),
    );
  });
}

describe('a CI job calling serin gate', function () {
  this.timeout(240_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const play = sideBySide(databaseNames, async (name) => {
    const serin = started.get(name)!;
    // Two minutes of the past are judged at once, from more data than five seconds have.
    const [start, end] = [121_000, 1_000].map((ago) => new Date(Date.now() - ago).toISOString()) as [
      string,
      string,
    ];
    const [pass, fail, inconclusive, running, wrong, unknown] = await Promise.all([
      runGate(serin, 'harmless', ['--start', start, '--end', end]),
      runGate(serin, 'errors-x5', []),
      runGate(serin, 'no-data', []),
      runGate(serin, 'harmless', ['--template', 'minutes', '--timeout', '15s']),
      runGate(serin, 'harmless', [], 'serin-wrong-0123456789abcdef0123456789abcdef'),
      runGate(serin, 'harmless', ['--service', 'cart']),
    ]);
    await serin.breakDatabase();
    const broken = await runGate(serin, 'harmless', ['--change-version', 'v2', '--connect-timeout', '3s']);
    await serin.mendDatabase();
    return { pass, fail, inconclusive, running, wrong, unknown, broken };
  });
  const onEach = (title: string, test: (ended: Awaited<ReturnType<typeof play>>) => void): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, async () => test(await play(name)));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach('goes on after a pass alone', ({ pass, fail, inconclusive }) => {
    assert.equal(pass.code, 0, pass.text);
    assert.equal(fail.code, 1, fail.text);
    assert.match(fail.text, /errors: /);
    assert.equal(inconclusive.code, 3, inconclusive.text);
  });

  onEach('ends with a code of its own when no verdict came in its time', ({ running }) => {
    assert.equal(running.code, 4, running.text);
  });

  onEach('waits while the database is away, and ends with a code of its own', ({ broken }) => {
    assert.equal(broken.code, 5, broken.text);
  });

  onEach('says what is wrong of its token and of its service, and shows no token', ({ wrong, unknown }) => {
    assert.equal(wrong.code, 2, wrong.text);
    assert.doesNotMatch(wrong.text, /serin-wrong/);
    assert.equal(unknown.code, 2, unknown.text);
    assert.match(unknown.text, /configured are checkout/);
  });
});
