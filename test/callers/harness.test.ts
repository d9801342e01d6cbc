import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { readText } from '../examples/files.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type Analysis = components['schemas']['Analysis'];

const token = 'serin-harness-0123456789abcdef0123456789abcdef';
const config = { ...secondsConfig, auth: { tokens: [{ name: 'harness', roles: ['gate'], token }] } };
const page = readText('docs/callers/harness.md');

/** The body that the page shows, with a scenario in the place of what selects the canary. */
function bodyOf(scenario: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const [, shown = ''] = /`POST \/v1\/analyses` with `(\{.*\})`/.exec(page) ?? [];
  return JSON.stringify({
    ...JSON.parse(shown),
    key: scenario,
    canary: { scenario },
    wait: '1s',
    ...changes,
  });
}

/** What the step asserts: `<+json.select("verdict", httpResponseBody)> == "pass"`. */
function assertion(text: string): boolean {
  const [, member = '', word = ''] =
    /`<\+json\.select\("(\w+)", httpResponseBody\)> == "(\w+)"`/.exec(page) ?? [];
  return (JSON.parse(text) as Record<string, unknown>)[member] === word;
}

describe('a step that polls HTTP calling Serin', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const post = (serin: SerinProcess, body: string, secret = token): Promise<Response> =>
    fetch(`${serin.url}/v1/analyses`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
      body,
    });
  const repeat = (serin: SerinProcess, body: string): Promise<string> =>
    until('the verdict', 120_000, async () => {
      const response = await post(serin, body);
      const text = await response.text();
      return response.ok && (JSON.parse(text) as Analysis).verdict !== 'running' ? text : null;
    });
  const play = <Result>(how: (serin: SerinProcess) => Promise<Result>) =>
    sideBySide(databaseNames, (name) => how(started.get(name)!));
  const polled = play((serin) =>
    Promise.all(['harmless', 'errors-x5', 'no-data'].map((scenario) => repeat(serin, bodyOf(scenario)))),
  );
  const outage = play(async (serin) => {
    await serin.breakDatabase();
    const { status } = await post(serin, bodyOf('errors-x5', { key: 'outage' }));
    await serin.mendDatabase();
    return { status, last: await repeat(serin, bodyOf('errors-x5', { key: 'outage' })) };
  });
  const onEach = (title: string, test: (name: DatabaseName, serin: SerinProcess) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(name, started.get(name)!));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach('repeats the request of the page until the verdict that is asserted', async (name) => {
    assert.deepEqual((await polled(name)).map(assertion), [true, false, false]);
  });

  onEach('is told by a 5xx to ask again while the database is away', async (name) => {
    const { status, last } = await outage(name);

    assert.equal(status, 503);
    assert.equal(assertion(last), false);
  });

  onEach('is refused with a wrong token and for a service nobody configured', async (_name, serin) => {
    const wrong = await post(serin, bodyOf('x'), 'serin-wrong-0123456789abcdef0123456789abcdef');
    const unknown = await post(serin, bodyOf('x', { service: 'cart' }));

    assert.deepEqual([wrong.status, unknown.status], [401, 400]);
  });
});
