import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { parsePlan } from '../../src/analysis/plan.ts';
import { columns } from '../../src/api/reports/csv.ts';
import { registerCliCommands } from '../../src/cli/commands.ts';
import { addGateOptions } from '../../src/cli/gate-options.ts';
import type { Io } from '../../src/cli/io.ts';
import { addReportOptions } from '../../src/cli/report-options.ts';
import { parseConfig } from '../../src/config.ts';
import { createProvider } from '../../src/metrics/registry.ts';
import { readSettings } from '../../src/settings.ts';
import { appKey } from '../support/github-double.ts';
import { pathOf, readText } from './files.ts';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...readdirSync(pathOf('docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A fenced block; `kind` is the word after the language, such as `config` in `yaml config`. */
type Block = {
  readonly page: string;
  readonly language: string;
  readonly kind: string;
  readonly text: string;
};

const blocks: readonly Block[] = pages.flatMap((page) =>
  [...readText(page).matchAll(/^```(\w*) ?(\w*)\n(.*?)^```$/gms)].map(
    ([, language = '', kind = '', text = '']) => ({ page, language, kind, text }),
  ),
);

const sources = {
  env: { PROMETHEUS_URL: 'http://127.0.0.1:9090' },
  readFile: (path: string) => (path.endsWith('.pem') ? appKey : 'x'.repeat(40)),
};

const blocksOf = (kind: string): readonly Block[] => blocks.filter((block) => block.kind === kind);

describe('the documents', () => {
  it('show configurations that are read without an objection', () => {
    assert.ok(blocksOf('config').length >= 5);
    for (const { text } of blocksOf('config')) {
      const { providers } = parseConfig(text, sources);
      for (const [name, config] of Object.entries(providers)) createProvider(name, config).close();
    }
  });

  it('show plans that are read without an objection', () => {
    assert.ok(blocksOf('plan').length >= 1);
    for (const { text } of blocksOf('plan')) parsePlan(parse(text));
  });

  it('show YAML and JSON that is none of ours but parses', () => {
    for (const { language, text } of blocks) {
      if (language === 'yaml') parse(text);
      if (language === 'json') JSON.parse(text);
    }
  });

  it('mark no block with a word that nothing checks', () => {
    assert.deepEqual([...new Set(blocks.map(({ kind }) => kind))].sort(), ['', 'config', 'plan']);
  });

  it('call npm scripts that exist', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    for (const page of pages) {
      for (const [, name = ''] of readText(page).matchAll(/npm run ([\w:]+)/g)) {
        assert.ok(name in scripts, `${page}: npm run ${name}`);
      }
    }
  });

  it('call the gate with flags that it has', () => {
    const flags = addGateOptions(new Command('gate')).options.map(({ long }) => long);
    for (const { page, text } of blocks) {
      for (const [call = ''] of text.matchAll(/(?<!--role )\bgate (?:[^\n]|\\\n)*/g)) {
        for (const [flag] of call.matchAll(/--[\w-]+/g)) assert.ok(flags.includes(flag), `${page}: ${flag}`);
      }
    }
  });

  it('call the report with flags that it has', () => {
    const flags = addReportOptions(new Command('report')).options.map(({ long }) => long);
    const calls = blocks.flatMap(({ page, text }) =>
      [...text.matchAll(/\bserin report change-failure[^\n]*/g)].map(([call]) => ({ page, call })),
    );

    assert.ok(calls.length >= 3);
    for (const { page, call } of calls)
      for (const [flag] of call.matchAll(/--[\w-]+/g)) assert.ok(flags.includes(flag), `${page}: ${flag}`);
  });

  it('call the ledger from the command line with flags that there are', () => {
    const program = new Command('serin');
    registerCliCommands(program, { stdout: process.stdout, stderr: process.stderr } as unknown as Io, () =>
      Promise.reject(new Error('no command is run')),
    );
    const find = (path: readonly string[]): Command =>
      path.reduce((command, name) => {
        const below = command.commands.find((one) => one.name() === name);
        assert.ok(below !== undefined, path.join(' '));
        return below;
      }, program);
    const calls = blocks.flatMap(({ page, text }) =>
      [...text.matchAll(/\bserin (record|backfill) (\w+)((?:[^\n\\]|\\\n)*)/g)].map(
        ([, group = '', name = '', rest = '']) => ({ page, rest, command: find([group, name]) }),
      ),
    );

    assert.ok(calls.length >= 3);
    for (const { page, rest, command } of calls) {
      const flags = command.options.map(({ long }) => long);
      for (const [, flag = ''] of rest.matchAll(/\s(--[\w-]+)/g))
        assert.ok(flags.includes(flag), `${page}: ${command.name()} ${flag}`);
    }
  });

  it('link to files that exist', () => {
    for (const page of pages) {
      for (const [, target = ''] of readText(page).matchAll(/\]\(([^)#:]+)(?:#[\w-]*)?\)/g)) {
        const path = join(dirname(page), target);
        assert.ok(existsSync(pathOf(path)), `${page} links to ${target}`);
      }
    }
  });
});

describe('docs/callers/cli.md', () => {
  it('tells every flag of the gate', () => {
    const page = readText('docs/callers/cli.md');
    for (const { long } of addGateOptions(new Command('gate')).options) {
      assert.ok(page.includes(`\`${long}\``), `${long} is missing`);
    }
  });
});

describe('docs/callers/cli.md and docs/change-failure-rate.md', () => {
  it('tell every flag of the report', () => {
    const page = readText('docs/callers/cli.md');
    for (const { long } of addReportOptions(new Command('report')).options)
      assert.ok(page.includes(`\`${long}\``), `${long} is missing`);
  });

  it('tell every column of its CSV, in order', () => {
    const page = readText('docs/change-failure-rate.md').replace(/\n/g, ' ');

    assert.ok(page.includes(columns.map((column) => `\`${column}\``).join(', ')));
  });
});

describe('docs/configuration.md', () => {
  const page = readText('docs/configuration.md');

  it('tells every key that a plan and its metrics may have', () => {
    const metrics = { name: 'm', kind: 'gauge', provider: 'p', query: 'q', support: 's', minSupport: 1 };
    const counts = { name: 'r', kind: 'ratio', provider: 'p', events: 'e', total: 't' };
    const exposed = { name: 'c', kind: 'count', provider: 'p', events: 'e', exposure: 'x' };
    const plan = parsePlan({ duration: '30m', metrics: [metrics, counts, exposed] });

    for (const key of [plan, ...plan.metrics].flatMap((part) => Object.keys(part))) {
      assert.ok(page.includes(`\`${key}\``), `${key} is missing`);
    }
  });

  it('tells the defaults of a plan as they are', () => {
    const tabled = new Map(
      [...page.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, key = '', value = '']) => [key, value]),
    );
    const defaults = [
      'interval',
      'delay',
      'warmup',
      'settle',
      'alpha',
      'stages',
      'judge',
      'earlyPass',
      'onInconclusive',
      'onNoData',
      'onCanarySilent',
    ];
    const metrics = [{ name: 'm', kind: 'gauge', provider: 'p', query: 'q' }];
    const told = Object.fromEntries(defaults.map((key) => [key, tabled.get(key)]));

    assert.deepEqual(
      parsePlan({ ...told, duration: '30m', metrics }),
      parsePlan({ duration: '30m', metrics }),
    );
  });

  it('tells every variable of the environment with its default', () => {
    const told = Object.fromEntries(
      [...page.matchAll(/^\| `(SERIN_\w+)` \| `([^`]+)` \|/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );

    assert.deepEqual(readSettings(told), readSettings({}));
  });

  it('tells every section of the file', () => {
    const config = parseConfig(`github: { appId: 1, privateKey: "\${file:a.pem}" }`, sources);
    for (const section of Object.keys(config))
      assert.ok(page.includes(`\`${section}\``), `${section} is missing`);
  });
});

describe('the decisions', () => {
  const files = readdirSync(pathOf('docs/decisions')).filter((name) => name !== 'README.md');

  it('are numbered without a gap, listed, and of one form', () => {
    const list = readText('docs/decisions/README.md');
    files.sort().forEach((file, index) => {
      assert.ok(file.startsWith(String(index + 1).padStart(4, '0')), file);
      assert.ok(list.includes(`(${file})`), `${file} is not listed`);
      const headings = [...readText(`docs/decisions/${file}`).matchAll(/^## (.*)$/gm)].map(
        ([, heading]) => heading,
      );
      assert.deepEqual(headings, ['Background', 'Decision', 'Consequences']);
    });
  });
});
