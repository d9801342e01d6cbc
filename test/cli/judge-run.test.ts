import assert from 'node:assert/strict';
import type { JudgeReply, Judges } from '../../src/cli/judge-io.ts';
import { judgeText } from '../../src/judge-text.ts';
import { counts, flat } from '../judge/inputs.ts';
import { runJudge } from './run-judge.ts';

type Body = Record<string, unknown>;

function body(errors: number, plan: Body = {}, [others, total] = [10, 1000]): Body {
  const arm = (seed: number, mean: number) => ({ events: counts(seed, mean), total: flat(total) });
  return {
    plan: { metrics: [{ name: 'errors', kind: 'ratio' }], ...plan },
    stepSeconds: 60,
    samples: { errors: { canary: arm(1, errors), baseline: arm(2, others) } },
  };
}

const bodies = {
  pass: body(10),
  fail: body(60),
  inconclusive: body(0.4, {}, [0.3, 100]),
  running: body(10, { duration: '2h' }),
} as const;
const text = (name: keyof typeof bodies): string => JSON.stringify(bodies[name]);
const judgementOf = (name: keyof typeof bodies, looks: 'each' | 'last' | null = null): string => {
  const reply = judgeText({ text: text(name), looks });
  return reply.kind === 'judged' ? reply.text : reply.kind;
};

/** Judges that answer each body by what its text is mapped to. */
function judgesOf(replies: Readonly<Record<string, JudgeReply>>): Judges {
  const unknown: JudgeReply = { kind: 'broken', message: 'no reply', stack: 'no reply' };
  return { judge: async ({ text: asked }) => replies[asked] ?? unknown, close: async () => {} };
}

describe('serin judge with one body', () => {
  for (const [name, code] of [
    ['pass', 0],
    ['fail', 1],
    ['inconclusive', 3],
    ['running', 3],
  ] as const) {
    it(`prints the judgement on a line and ends with ${code} when it is ${name}`, async () => {
      const outcome = await runJudge(['-'], text(name));

      assert.deepEqual(outcome, { code, stdout: `${judgementOf(name)}\n`, stderr: '', opened: ['here'] });
      assert.equal(JSON.parse(outcome.stdout).verdict, name);
    });
  }

  it('ends an inconclusive one as it is told, and no running one as a pass', async () => {
    const codeOf = async (name: keyof typeof bodies, ending: string) =>
      (await runJudge(['-', '--on-inconclusive', ending], text(name))).code;

    assert.deepEqual([await codeOf('inconclusive', 'pass'), await codeOf('inconclusive', 'fail')], [0, 1]);
    assert.deepEqual([await codeOf('running', 'pass'), await codeOf('running', 'fail')], [3, 3]);
    assert.equal(await codeOf('fail', 'pass'), 1);
  });

  it('looks as often as it is told, whatever the body says', async () => {
    const { stdout } = await runJudge(['-', '--looks', 'each'], text('fail'));
    const said = JSON.stringify({ ...bodies.fail, looks: 'each' });

    assert.equal(stdout, `${judgementOf('fail', 'each')}\n`);
    assert.equal((await runJudge(['-'], said)).stdout, stdout);
    assert.equal((await runJudge(['-', '--looks', 'last'], said)).stdout, `${judgementOf('fail', 'last')}\n`);
  });

  it('takes the same body printed over several lines for the same', async () => {
    const { stdout, opened } = await runJudge(['-'], JSON.stringify(bodies.pass, null, 2));

    assert.equal(stdout, `${judgementOf('pass')}\n`);
    assert.deepEqual(opened, ['here']);
  });

  it('ends with 2 and every fault when it is wrong, nothing on stdout', async () => {
    const wrong = await runJudge(['-'], JSON.stringify({ ...bodies.pass, stepSeconds: 0, looks: 'x' }));
    const cut = await runJudge(['-'], text('pass').slice(0, -1));

    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(
      wrong.stderr,
      /^serin: stepSeconds: found 0; .*; looks: found "x"; allowed are each, last\n$/,
    );
    assert.equal(cut.code, 2);
    assert.match(cut.stderr, /^serin: the body is not JSON: found the end at line 1, column \d+\n$/);
  });

  it('ends with 5 when it breaks inside, for 1 would say that it was judged', async () => {
    const reply: JudgeReply = { kind: 'broken', message: 'odd', stack: 'Error: odd\n    at here' };

    const { code, stdout, stderr } = await runJudge(['-'], '{}', {
      openJudges: async () => judgesOf({ '{}': reply }),
    });

    assert.deepEqual([code, stdout, stderr], [5, '', 'serin judge: Error: odd\n    at here\n']);
  });

  it('says so when there is nothing to judge, or nothing to be read', async () => {
    const unreadable = {
      // biome-ignore lint/correctness/useYield: it fails before.
      async *open(): AsyncGenerator<Uint8Array> {
        throw new Error('EACCES: permission denied');
      },
    };

    const empty = await runJudge(['-'], ' \n');
    const denied = await runJudge(['runs.ndjson'], '', unreadable);

    assert.deepEqual([empty.code, empty.stderr], [2, 'serin: stdin: is empty; a JSON body is needed\n']);
    assert.deepEqual(
      [denied.code, denied.stderr],
      [2, 'serin: runs.ndjson: cannot be read: EACCES: permission denied\n'],
    );
  });

  it('refuses flags that contradict each other or make no sense', async () => {
    for (const [flags, reason] of [
      [['--json', '--explain'], /'--json' cannot be used with option '--explain'/],
      [['--looks', 'all'], /Allowed choices are each, last/],
      [['--threads', '0'], /whole numbers from 1 to 256/],
      [['--on-inconclusive', 'running'], /Allowed choices are pass, fail, inconclusive/],
    ] as const) {
      const { code, stderr, stdout } = await runJudge(['-', ...flags], text('pass'));

      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, reason);
    }
    assert.equal((await runJudge([], text('pass'))).code, 2);
  });
});

describe('serin judge with one body a line', () => {
  const three = `${text('pass')}\n${text('fail')}\n\n${text('inconclusive')}\n`;

  it('prints one judgement a line in their order, counts them on stderr and ends with 0', async () => {
    const { code, stdout, stderr, opened } = await runJudge(['-'], three);

    const expected = (['pass', 'fail', 'inconclusive'] as const).map((name) => `${judgementOf(name)}\n`);
    assert.equal(stdout, expected.join(''));
    assert.equal(stderr, 'serin judge: 3 bodies: 1 fail, 1 inconclusive, 1 pass\n');
    assert.deepEqual([code, opened], [0, [2]]);
  });

  it('judges as many at once as it is told', async () => {
    assert.deepEqual((await runJudge(['-', '--threads', '7'], three)).opened, [7]);
  });

  it('tells a line that cannot be judged in its place, goes on, and ends with 2', async () => {
    const lines = [text('fail'), '{"plan"', JSON.stringify({ ...bodies.pass, stepSeconds: 0 }), text('pass')];

    const { code, stdout, stderr } = await runJudge(['-'], lines.join('\n'));

    const [first, broken, wrong, last] = stdout.trim().split('\n');
    assert.deepEqual([first, last], [judgementOf('fail'), judgementOf('pass')]);
    assert.deepEqual(JSON.parse(broken ?? ''), {
      line: 2,
      error: {
        type: 'urn:serin:problem:invalid_input',
        title: 'The input is not valid',
        status: 400,
        code: 'invalid_input',
        detail: 'the body is not JSON: found the end at line 1, column 8',
        errors: [{ path: '', message: 'the body is not JSON: found the end at line 1, column 8' }],
      },
    });
    assert.deepEqual(
      JSON.parse(wrong ?? '').error.errors.map(({ path }: { path: string }) => path),
      ['stepSeconds'],
    );
    assert.equal(stderr, 'serin judge: 4 bodies: 1 fail, 2 not judged, 1 pass, the first of them line 2\n');
    assert.equal(code, 2);
  });

  it('ends with the worst verdict when it is told to, and bad input is worse', async () => {
    const codeOf = async (...names: readonly (keyof typeof bodies | 'bad')[]) => {
      const lines = names.map((name) => (name === 'bad' ? '{}' : text(name)));
      return (await runJudge(['-', '--fail-on-verdict'], lines.join('\n'))).code;
    };

    assert.equal(await codeOf('pass', 'pass'), 0);
    assert.equal(await codeOf('pass', 'inconclusive', 'running'), 3);
    assert.equal(await codeOf('inconclusive', 'fail', 'pass'), 1);
    assert.equal(await codeOf('fail', 'bad', 'pass'), 2);
    const lenient = ['-', '--fail-on-verdict', '--on-inconclusive', 'pass'];
    assert.equal((await runJudge(lenient, `${text('pass')}\n${text('inconclusive')}`)).code, 0);
  });

  it('tells what breaks inside without its stack on stdout, and ends with 5', async () => {
    const openJudges = async () =>
      judgesOf({
        1: { kind: 'broken', message: 'odd', stack: 'Error: odd\n    at here' },
        2: { kind: 'judged', text: '"two"', verdict: 'pass' },
      });

    const { code, stdout, stderr } = await runJudge(['-'], '1\n2\n', { openJudges });

    assert.equal(code, 5);
    assert.match(stdout, /^\{"line":1,"error":\{.*"code":"internal","detail":"odd"\}\}\n"two"\n$/);
    assert.match(stderr, /^serin judge: line 1: Error: odd\n {4}at here\n/);
  });

  it('ends quietly when nobody reads the judgements', async () => {
    let written = 0;

    const { code } = await runJudge(['-'], `${text('pass')}\n`.repeat(500), {
      write: async () => {
        written += 1;
        return written < 2;
      },
    });

    assert.equal(code, 0);
    assert.equal(written, 2);
  });

  it('lets go of what judges, also when stdout fails', async () => {
    let isClosed = false;
    const judges = judgesOf({ 1: { kind: 'judged', text: '1', verdict: 'pass' } });
    const close = async (): Promise<void> => {
      isClosed = true;
    };

    const { code, stderr } = await runJudge(['-'], '1\n1\n', {
      openJudges: async () => ({ ...judges, close }),
      write: () => Promise.reject(new Error('ENOSPC: no space left')),
    });

    assert.ok(isClosed);
    assert.equal(code, 5);
    assert.match(stderr, /ENOSPC/);
  });
});
