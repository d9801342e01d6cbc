import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { JudgeReply, Judges } from '../../src/cli/judge-io.ts';
import type { Line } from '../../src/cli/judge-lines.ts';
import { judgeMany } from '../../src/cli/judge-many.ts';

const wide = { bodies: 100, characters: 1000 };

async function* lines(...texts: readonly string[]): AsyncGenerator<Line> {
  for (const [index, text] of texts.entries()) yield { number: index + 1, text, fault: null };
}

/** Judges that answer when the test says so; what is asked first need not be answered first. */
function makeJudges(): {
  readonly judges: Judges;
  readonly asked: string[];
  readonly answer: (text: string) => void;
} {
  const asked: string[] = [];
  const open = new Map<string, (reply: JudgeReply) => void>();
  return {
    asked,
    answer: (text) => open.get(text)?.({ kind: 'judged', text, verdict: 'pass' }),
    judges: {
      judge: ({ text }) => {
        asked.push(text);
        return new Promise((resolve) => open.set(text, resolve));
      },
      close: async () => {},
    },
  };
}

/** Waits until it holds, while what is under way goes on. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (holds()) return;
    await setImmediate();
  }
  assert.fail('it never held');
}

function collect(): { readonly said: string[]; tell(line: number, reply: JudgeReply): Promise<boolean> } {
  const said: string[] = [];
  return {
    said,
    tell: async (line, reply) => {
      said.push(`${line} ${reply.kind === 'judged' ? reply.text : reply.kind}`);
      return true;
    },
  };
}

describe('judging many bodies', () => {
  it('tells them in their order, each as soon as those before were told', async () => {
    const { judges, asked, answer } = makeJudges();
    const { said, tell } = collect();

    const done = judgeMany(lines('a', '', 'b', 'c'), null, judges, wide, tell);
    await until(() => asked.length === 3);
    answer('c');
    answer('a');
    await until(() => said.length === 1);
    assert.deepEqual(said, ['1 a']);
    answer('b');
    await done;

    assert.deepEqual(said, ['1 a', '3 b', '4 c']);
  });

  it('has no more under way than the window allows', async () => {
    const { judges, asked, answer } = makeJudges();
    const { said, tell } = collect();

    const done = judgeMany(lines('a', 'b', 'c', 'd'), null, judges, { bodies: 2, characters: 1000 }, tell);
    await until(() => asked.length === 2);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    assert.deepEqual(asked, ['a', 'b']);
    answer('b');
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    assert.deepEqual(asked, ['a', 'b'], 'what was not told yet still counts');
    answer('a');
    await until(() => asked.length === 4);
    answer('c');
    answer('d');
    await done;

    assert.equal(said.length, 4);
  });

  it('lets a body through that is longer than the window, alone', async () => {
    const { judges, asked, answer } = makeJudges();
    const { tell } = collect();
    const long = 'x'.repeat(50);

    const done = judgeMany(lines('a', long, 'b'), null, judges, { bodies: 9, characters: 10 }, tell);
    await until(() => asked.length === 1);
    answer('a');
    await until(() => asked.length === 2);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    assert.deepEqual(asked, ['a', long]);
    answer(long);
    await until(() => asked.length === 3);
    answer('b');
    await done;
  });

  it('refuses a line that could not be read, in its place', async () => {
    const { judges, answer, asked } = makeJudges();
    const { said, tell } = collect();
    async function* faulty(): AsyncGenerator<Line> {
      yield { number: 1, text: null, fault: 'is not UTF-8' };
      yield { number: 2, text: 'b', fault: null };
    }

    const done = judgeMany(faulty(), null, judges, wide, tell);
    await until(() => asked.length === 1);
    answer('b');
    await done;

    assert.deepEqual(said, ['1 refused', '2 b']);
  });

  it('stops when nobody reads the answers', async () => {
    const { judges, answer, asked } = makeJudges();
    let told = 0;

    const done = judgeMany(lines('a', 'b', 'c'), null, judges, { bodies: 1, characters: 9 }, async () => {
      told += 1;
      return false;
    });
    await until(() => asked.length === 1);
    answer('a');
    await done;

    assert.deepEqual([told, asked], [1, ['a']]);
  });

  it('rejects when an answer cannot be told', async () => {
    const { judges, answer, asked } = makeJudges();

    const done = judgeMany(lines('a', 'b'), null, judges, wide, async () => {
      throw new Error('no space left');
    });
    await until(() => asked.length === 2);
    answer('a');
    answer('b');

    await assert.rejects(done, /no space left/);
  });
});
