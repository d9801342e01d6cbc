import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { counts, flat } from '../judge/inputs.ts';

const total = flat(1000);

function body(seed: number, errors: number): Record<string, unknown> {
  return {
    plan: { metrics: [{ name: 'errors', kind: 'ratio' }] },
    stepSeconds: 60,
    samples: {
      errors: {
        canary: { events: counts(seed, errors), total },
        baseline: { events: counts(seed + 1, 10), total },
      },
    },
  };
}

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function judge(args: readonly string[], input = ''): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import=tsx', 'src/main.ts', 'judge', ...args], {
    stdio: 'pipe',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const [out, problems]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(String(chunk)));
  child.stderr.on('data', (chunk) => problems.push(String(chunk)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: Number(code), stdout: out.join(''), stderr: problems.join('') };
}

describe('serin judge', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serin-judge-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('judges the body of a file, its exit code the verdict', async () => {
    const [fine, broken] = [join(folder, 'fine.json'), join(folder, 'broken.json')];
    await writeFile(fine, JSON.stringify(body(1, 10), null, 2));
    await writeFile(broken, JSON.stringify(body(1, 60)));
    const [passed, failed] = await Promise.all([judge([fine]), judge([broken])]);
    assert.equal(passed.code, 0, passed.stderr);
    assert.equal(JSON.parse(passed.stdout).verdict, 'pass');
    assert.equal(failed.code, 1, failed.stderr);
    assert.equal(JSON.parse(failed.stdout).verdict, 'fail');
  });

  it('judges one body a line in their order, and tells a bad line on its own', async () => {
    const lines = Array.from({ length: 40 }, (_, index) =>
      index === 7 ? '{"plan": 1}' : JSON.stringify(body(index, index % 2 === 0 ? 10 : 60)),
    );
    const { code, stdout, stderr } = await judge(['-'], `${lines.join('\n')}\n`);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(answers.length, 40, stderr);
    assert.equal(code, 2);
    answers.forEach((answer, index) => {
      if (index === 7) assert.match(JSON.stringify(answer), /"line":8.*plan/);
      else assert.equal(answer.verdict === 'fail', index % 2 === 1, `line ${index + 1}`);
    });
  });

  it('explains a judgement in a table', async () => {
    const { code, stdout } = await judge(['-', '--explain', '--looks', 'each'], JSON.stringify(body(3, 60)));
    assert.equal(code, 1);
    assert.match(stdout, /errors/);
    assert.match(stdout, /fail/);
    assert.equal(stdout.includes('\u001b'), false);
  });

  it('refuses what is no body, and a file that is not there', async () => {
    const [nothing, absent] = await Promise.all([judge(['-'], ''), judge([join(folder, 'absent.json')])]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /stdin.*is empty/);
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /absent\.json.*cannot be read/);
  });
});
