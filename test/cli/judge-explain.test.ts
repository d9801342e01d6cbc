import assert from 'node:assert/strict';
import { explain } from '../../src/cli/judge-explain.ts';
import type { Judgement } from '../../src/cli/judge-io.ts';
import { writeSparkline } from '../../src/cli/judge-sparkline.ts';
import { judgeText } from '../../src/judge-text.ts';
import { counts, flat, noisy } from '../judge/inputs.ts';
import { runJudge } from './run-judge.ts';

const plan = {
  duration: '30m',
  metrics: [
    { name: 'errors', kind: 'ratio', critical: true },
    { name: 'latency', kind: 'gauge' },
    { name: 'memory', kind: 'limit', max: 300 },
  ],
};

function bodyOf(errors: number, changes: Record<string, unknown> = {}): string {
  const arm = (seed: number, mean: number) => ({ events: counts(seed, mean), total: flat(1000) });
  return JSON.stringify({
    plan,
    stepSeconds: 60,
    samples: {
      errors: { canary: arm(1, errors), baseline: arm(2, 10) },
      latency: { canary: noisy(3, 100, 0.02), baseline: noisy(4, 100, 0.02) },
      memory: { canary: noisy(5, 100, 0.02) },
    },
    ...changes,
  });
}

function judgementOf(text: string): Judgement {
  const reply = judgeText({ text, looks: null });
  assert.ok(reply.kind === 'judged');
  return JSON.parse(reply.text) as Judgement;
}

const plain = { width: 120, paints: false };
const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('the explanation of a judgement', () => {
  const failed = judgementOf(bodyOf(60, { looks: 'each' }));
  const passed = judgementOf(bodyOf(10));

  it('begins with the verdict, why, and when it was said', () => {
    const [first = '', figures = ''] = explain(failed, { ...plain, width: 200 }).split('\n');

    assert.equal(first, `fail: ${failed.reason}`);
    assert.match(
      figures,
      /^ {2}score [\d.]+, logE \d+\.\d \/ 3\.0, p [<\d.]+, alpha 0\.05, after (\d+) of 30 steps$/,
    );
    assert.match(figures, new RegExp(`after ${failed.failedAt} of 30`));
  });

  it('has a row for each metric, its reason below, the critical ones marked', () => {
    const lines = explain(passed, { ...plain, width: 400 }).split('\n');
    const heading = lines.findIndex((line) => line.startsWith('metric'));
    const [errors = '', why, latency = '', , memory = ''] = lines.slice(heading + 1);

    assert.match(
      lines[heading] ?? '',
      /^metric +verdict +effect \(90 %\) +canary +baseline +logE \/ fails at +p +finds$/,
    );
    assert.match(
      errors,
      /^errors \* +pass +\S+ %? ?\(.* … .*\) +0\.0\d+ +0\.0\d+ +\S+ \/ 3\.\d +\S+ +[\d.]+ %$/,
    );
    assert.equal(why, `  ${passed.findings[0]?.reason}`);
    assert.match(latency, /^latency +pass /);
    assert.match(memory, /^memory +pass .* – /);
    assert.ok(lines.includes('* must itself pass'));
  });

  it('aligns figures to the right and never ends a line with a blank', () => {
    const lines = explain(passed, plain).split('\n');
    const rows = lines.filter((line) => /^(metric|errors|latency|memory) /.test(line) && !line.includes(':'));

    assert.equal(rows.length, 4);
    assert.equal(new Set(rows.map(({ length }) => length)).size, 1);
    for (const line of lines) assert.equal(line, line.trimEnd());
  });

  it('draws how the evidence grew, only where each step was looked at', () => {
    const each = explain(failed, plain);

    assert.match(each, new RegExp(`^ {2}[▁▂▃▄▅▆▇█]{30} fails at look ${failed.failedAt}$`, 'm'));
    assert.doesNotMatch(explain(passed, plain), /[▁█]/);
  });

  it('keeps to the width it has, one figure a line where a row is too wide', () => {
    for (const width of [40, 60, 80, 100, 140]) {
      const text = explain(failed, { width, paints: false });

      assert.ok(longest(text) <= width, `${longest(text)} characters in ${width}`);
      assert.equal(/^metric /m.test(text), width >= 100, `a table in ${width}`);
      assert.equal(/^ {2}baseline +0\.0/m.test(text), width < 100, `cards in ${width}`);
    }
  });

  it('paints the verdict and nothing else, and only where it may', () => {
    const painted = explain(failed, { ...plain, paints: true });
    const mark = '\u001B[';

    assert.ok(painted.startsWith(`${mark}31mfail${mark}0m: `));
    assert.equal(
      painted.split(`${mark}32mpass${mark}0m`).length - 1,
      failed.findings.filter(({ verdict }) => verdict === 'pass').length,
    );
    assert.equal(explain(failed, plain).includes(mark), false);
    const bare = ['31m', '32m', '33m', '0m'].reduce(
      (text, code) => text.replaceAll(mark + code, ''),
      painted,
    );
    assert.equal(bare, explain(failed, plain));
  });

  it('says what it can of a metric without data', () => {
    const none = { events: [], total: [] };
    const text = explain(
      judgementOf(
        bodyOf(10, {
          samples: {
            errors: { canary: none, baseline: none },
            latency: { canary: [], baseline: [] },
            memory: { canary: [] },
          },
        }),
      ),
      plain,
    );

    assert.match(text, /^running: /);
    assert.match(text, /^errors \* +running +– +– +– +0\.0 \/ 3\.4 +1 +–$/m);
    assert.doesNotMatch(text, /null|NaN|undefined/);
  });
});

describe('evidence drawn as bars', () => {
  it('goes from nothing to what fails the run', () => {
    assert.equal(writeSparkline([-5, 0, 1.5, 3, 99], 3, 60), '▁▁▅██');
    assert.equal(writeSparkline([null, 3], 3, 60), '▁█');
    assert.equal(writeSparkline([], 3, 60), '');
    assert.equal(writeSparkline([1], 0, 60), '▁');
  });

  it('shows the highest of several looks where there are too many', () => {
    assert.equal(writeSparkline([0, 3, 0, 0, 0, 3], 3, 3), '█▁█');
    assert.equal(writeSparkline(flat(0, 20_000), 3, 60).length, 60);
    assert.equal(writeSparkline([0, 3], 3, 0), '█');
  });
});

describe('serin judge for people', () => {
  const text = bodyOf(10);

  it('prints tables on a terminal or when told to, JSON else', async () => {
    const isTable = async (args: readonly string[], isTTY: boolean) =>
      /^pass: /m.test((await runJudge(['-', ...args], text, { isTTY, env: { NO_COLOR: '1' } })).stdout);

    assert.deepEqual(
      [
        await isTable([], true),
        await isTable(['--json'], true),
        await isTable(['--explain'], false),
        await isTable([], false),
      ],
      [true, false, true, false],
    );
  });

  it('paints on a terminal only, and not with NO_COLOR', async () => {
    const isPainted = async (isTTY: boolean, env: Record<string, string>) =>
      (await runJudge(['-', '--explain'], text, { isTTY, env })).stdout.includes('\u001B');

    assert.deepEqual(
      [
        await isPainted(true, {}),
        await isPainted(true, { NO_COLOR: '' }),
        await isPainted(true, { NO_COLOR: '1' }),
        await isPainted(false, {}),
      ],
      [true, true, false, false],
    );
  });

  it('goes by the width of the terminal', async () => {
    const { stdout } = await runJudge(['-', '--explain'], text, { columns: 50 });

    assert.ok(longest(stdout) <= 50);
    assert.ok(longest((await runJudge(['-', '--explain'], text)).stdout) > 50);
  });

  it('names the line of each of many, those that were not judged too', async () => {
    const { stdout } = await runJudge(['-', '--explain'], `${text}\n{}\n`);

    assert.match(stdout, /^line 1\npass: /);
    assert.match(stdout, /\n\nline 2\nnot judged: plan: is missing/);
  });
});
