import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { addJudgeOptions } from '../../src/cli/judge-options.ts';
import { type JudgeTextReply, judgeText } from '../../src/judge-text.ts';
import { inChunks, runJudge } from '../cli/run-judge.ts';
import { pathOf, readText } from './files.ts';

const page = readText('docs/callers/judge.md');

function judged(text: string): Record<string, unknown> & { readonly verdict: string } {
  const reply: JudgeTextReply = judgeText({ text, looks: null });
  assert.equal(reply.kind, 'judged', JSON.stringify(reply));
  return JSON.parse(reply.kind === 'judged' ? reply.text : '');
}

describe('examples/judge', () => {
  it('holds what is judged here and nothing else', () => {
    assert.deepEqual(readdirSync(pathOf('examples/judge')).sort(), [
      'checkout.json',
      'runs.ndjson',
      'search.json',
    ]);
  });

  it('fails checkout some minutes after its errors rise in minute 13', () => {
    const { verdict, failedAt, findings } = judged(readText('examples/judge/checkout.json'));
    const kinds = (findings as { kind: string; noise: { historySteps: number } | null }[]).map(
      ({ kind }) => kind,
    );

    assert.equal(verdict, 'fail');
    assert.ok(Number(failedAt) > 13 && Number(failedAt) <= 20, `failed at look ${failedAt}`);
    assert.deepEqual(kinds, ['ratio', 'gauge', 'limit']);
  });

  it('passes search, by histogram and by pod, though nothing is told of its restarts', () => {
    const { verdict, findings } = judged(readText('examples/judge/search.json'));
    const [latency, cpu, restarts] = findings as { verdict: string; noise: { pods: unknown } | null }[];

    assert.deepEqual(
      [verdict, latency?.verdict, cpu?.verdict, restarts?.verdict],
      ['pass', 'pass', 'pass', 'inconclusive'],
    );
    assert.deepEqual(cpu?.noise?.pods, { canary: 2, baseline: 2 });
  });

  it('gives one judgement for each of the runs', async () => {
    const open = () => inChunks(readText('examples/judge/runs.ndjson'));

    const { code, stdout } = await runJudge(['examples/judge/runs.ndjson'], '', { open });

    const verdicts = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { verdict: string }).verdict);
    assert.deepEqual([code, verdicts], [0, ['pass', 'fail', 'running']]);
  });
});

describe('docs/callers/judge.md', () => {
  it('shows bodies that are judged', () => {
    const bodies = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text);

    assert.equal(bodies.length, 1);
    for (const body of bodies) assert.equal(judged(body).verdict, 'pass');
  });

  it('tells every flag, and calls the command with flags and files that there are', () => {
    const flags = addJudgeOptions(new Command('judge')).options.map(({ long }) => String(long));

    for (const flag of flags) assert.ok(page.includes(`| \`${flag}\` |`), `${flag} is missing`);
    const calls = [...page.matchAll(/^serin judge .*$/gm)].map(([call]) => call);
    assert.ok(calls.length >= 4);
    for (const [flag] of calls.join(' ').matchAll(/--[\w-]+/g)) assert.ok(flags.includes(flag), flag);
    for (const [path] of page.matchAll(/examples\/judge\/[\w.]+/g)) assert.ok(readText(path).length > 0);
  });
});
