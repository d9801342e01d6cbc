import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSources, loadConfig, parseConfig, templatesOf } from '../src/config.ts';
import { isLoopback, readSettings } from '../src/settings.ts';

const sources = {
  env: { TOKEN: 's3cret', EMPTY: '' },
  readFile: (path: string): string => {
    if (path === '/run/token') return 'from-file\n';
    throw new Error(`no such file: ${path}`);
  },
};

const template =
  'templates: [{ name: http, duration: 30m, metrics: [{ name: e, kind: gauge, provider: p, query: q }] }]';

describe('parseConfig', () => {
  it('has a default for everything', () => {
    const config = parseConfig('', sources);
    assert.deepEqual(config.analysis, { rejoinAfter: 600_000, outageGrace: 900_000 });
    assert.deepEqual(config.ledger, {
      observationWindow: 86_400_000,
      abandonAfter: 604_800_000,
      attributionWindow: 86_400_000,
      attributionWindows: {},
      rollbackWindow: 86_400_000,
    });
    assert.deepEqual(config.reports, { minimumChanges: 20, schedules: [] });
  });

  it('fills variables and files into strings, without the line’s end', () => {
    const config = parseConfig(
      `providers: { p: { type: prometheus, token: "x-\${TOKEN}-\${EMPTY}", ca: "\${file:/run/token}" } }`,
      sources,
    );
    assert.deepEqual(config.providers, { p: { type: 'prometheus', token: 'x-s3cret-', ca: 'from-file' } });
  });

  it('reads schedules of reports, with the cron expression taken apart', () => {
    const { reports } = parseConfig(
      'reports: { schedules: [{ name: m, cron: 30 8 L * *, groupBy: team, tier: 1 }] }',
      sources,
    );
    const [{ cron, ...schedule } = { cron: null }] = reports.schedules;

    assert.deepEqual([cron?.minute, cron?.hour, cron?.dayOfMonth], [[30], [8], ['L']]);
    assert.deepEqual(schedule, { name: 'm', tz: 'UTC', covers: 'month', groupBy: 'team', tier: '1' });
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown key', 'foo: 1', /unknown key "foo"; allowed are include, providers/],
    [
      'an unknown key deep inside',
      'services: [{ name: a, foo: 1 }]',
      /services\[0\]: unknown key "foo"; allowed are name, team/,
    ],
    [
      'a variable that is not set',
      `providers: { p: { type: "\${NOPE}" } }`,
      /providers\.p\.type: the environment variable NOPE is not set/,
    ],
    [
      'a file that cannot be read',
      `providers: { p: { type: "\${file:/nope}" } }`,
      /providers\.p\.type: the file \/nope cannot be read/,
    ],
    ['a provider without a type', 'providers: { p: {} }', /providers\.p\.type: is missing/],
    ['a template without a name', template.replace('name: http, ', ''), /templates\[0\]\.name: is missing/],
    [
      'an unknown kind of metric',
      template.replace('gauge', 'gouge'),
      /templates\[0\]\.metrics\[0\]\.kind: found "gouge"/,
    ],
    ['a wrong duration', 'analysis: { rejoinAfter: soon }', /analysis\.rejoinAfter: found "soon"/],
    [
      'a wrong cron expression',
      'reports: { schedules: [{ name: m, cron: 0 8 1 13 * }] }',
      /reports\.schedules\[0\]\.cron: found "0 8 1 13 \*"; month: 13/,
    ],
    [
      'a time zone that is none',
      'reports: { schedules: [{ name: m, cron: "@daily", tz: Mars }] }',
      /reports\.schedules\[0\]\.tz: .*no IANA time zone/,
    ],
    ['no changes as enough', 'reports: { minimumChanges: 0 }', /reports\.minimumChanges/],
    ['text that is no YAML', 'a: [', /no valid YAML/],
    ['a key given twice', 'services: []\nservices: []', /no valid YAML/],
  ];
  for (const [what, text, message] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseConfig(text, sources),
        (error: Error) => message.test(error.message) || assert.fail(error.message),
      );
    });
  }
});

describe('loadConfig', () => {
  let folder: string;
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('joins the files that `include` names, relative to the file', () => {
    const path = write('serin.yaml', 'include: ["team-*.yaml"]\nproviders: { p: { type: synthetic } }');
    write('team-a.yaml', `${template}\nservices: [{ name: a, template: http }]`);
    write('team-b.yaml', 'services: [{ name: b, aliases: [shop/b], template: http }]');
    const config = loadConfig(path, fileSources({}));
    assert.deepEqual(
      config.services.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual([...templatesOf(config).keys()], ['http']);
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    [
      'a service with an unknown template',
      'services: [{ name: a, template: nope }]',
      /services\[0\]\.template: found "nope"; configured are none/,
    ],
    [
      'a metric with an unknown provider',
      template,
      /templates\[0\]\.metrics\[0\]\.provider: found "p"; configured are none/,
    ],
    [
      'two services of one name',
      'services: [{ name: a }, { name: b, aliases: [a] }]',
      /services: found "a" twice/,
    ],
  ];
  for (const [what, text, message] of bad) {
    it(`refuses ${what}`, () => {
      const path = write('serin.yaml', text);
      assert.throws(() => loadConfig(path, fileSources({})), message);
    });
  }

  it('names the file that is wrong or missing', () => {
    const path = write('serin.yaml', 'include: [other.yaml]');
    write('other.yaml', 'foo: 1');
    assert.throws(() => loadConfig(path, fileSources({})), /other\.yaml: unknown key "foo"/);
    assert.throws(() => loadConfig(join(folder, 'nope.yaml'), fileSources({})), /nope\.yaml cannot be read/);
  });
});

describe('readSettings', () => {
  it('listens on this machine alone unless told otherwise', () => {
    const settings = readSettings({});
    assert.deepEqual(
      [settings.host, settings.port, settings.databaseUrl, settings.logLevel, settings.publicUrl],
      ['127.0.0.1', 8080, 'sqlite:./data/serin.db', 'info', null],
    );
  });

  it('reads the environment; empty means not set', () => {
    const settings = readSettings({
      SERIN_LISTEN: '[::1]:81',
      SERIN_PUBLIC_URL: 'https://serin.example/',
      SERIN_LOG_LEVEL: '',
      SERIN_CONFIG: 'x.yaml',
    });
    assert.deepEqual(
      [settings.host, settings.port, settings.publicUrl, settings.logLevel, settings.configPath],
      ['::1', 81, 'https://serin.example', 'info', 'x.yaml'],
    );
    assert.equal(readSettings({ SERIN_LISTEN: ':8080' }).host, '0.0.0.0');
  });

  it('names every variable that is wrong', () => {
    assert.throws(
      () => readSettings({ SERIN_LISTEN: 'here', SERIN_LOG_LEVEL: 'loud', SERIN_PUBLIC_URL: 'ftp://x' }),
      /SERIN_LISTEN: found "here".*SERIN_LOG_LEVEL: found "loud".*SERIN_PUBLIC_URL/,
    );
  });

  it('knows which addresses only this machine can reach', () => {
    assert.deepEqual(
      ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '0.0.0.0', '10.0.0.1', '127.0.0.1.example'].map(
        isLoopback,
      ),
      [true, true, true, true, false, false, false],
    );
  });
});
