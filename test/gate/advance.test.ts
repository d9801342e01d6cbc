import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Run } from '../../src/analysis/run.ts';
import { advance } from '../../src/gate/advance.ts';
import { answerNothing, answerRun } from '../../src/gate/answer.ts';
import type { GateMessage } from '../../src/gate/messages.ts';
import type { PendingGate } from '../../src/gate/pending-gate.ts';
import { makeGate } from '../support/gates.ts';
import { makePlan, makeRun, start } from '../support/plans.ts';

const minute = 60_000;
const nothing = answerNothing('there is no analysis of it');
const refuse = { onInconclusive: 'refuse' } as const;

/** What was told, as a receiver of it sees it. */
function kinds(messages: readonly { readonly payload: unknown }[]): string[] {
  return messages.map(({ payload }) => (payload as GateMessage).kind);
}

/** Looks every two seconds until the gate is closed; `runAt(now)` is what is found by then. */
function live(
  gate: PendingGate,
  runAt: (now: number) => Run | null,
): { gate: PendingGate; told: number[]; all: string[] } {
  let current = gate;
  const told: number[] = [];
  const all: string[] = [];
  for (let now = gate.createdAt; current.state === 'open'; now += 2_000) {
    const run = runAt(now);
    const answer = run === null ? nothing : answerRun(run, refuse);
    const next = advance(current, answer, run, run !== null && run.phase === 'concluded', now);
    current = next.gate;
    all.push(...kinds(next.messages));
    told.push(
      ...kinds(next.messages)
        .filter((kind) => kind === 'progress')
        .map(() => now),
    );
  }
  return { gate: current, told, all };
}

describe('advance(gate, answer, run, isFinal, now)', () => {
  it('tells that it waits, and looks again soon', () => {
    const { gate, messages } = advance(makeGate(), nothing, null, false, start);
    assert.deepEqual(kinds(messages), ['progress']);
    assert.deepEqual([gate.state, gate.told, gate.nextAt, gate.revision], ['open', 1, start + 2_000, 1]);
  });

  it('tells at once that an analysis was found', () => {
    const gate = makeGate({ told: 1, nextTellAt: start + 1e6 });
    const run = makeRun({ phase: 'running', looks: 2 });
    const next = advance(gate, answerRun(run, refuse), run, false, start + 5_000);
    assert.deepEqual(kinds(next.messages), ['progress']);
    const told = next.messages[0]?.payload as GateMessage | undefined;
    assert.equal(told?.analysis?.id, run.id);
    assert.deepEqual(kinds(advance(next.gate, nothing, run, false, start + 7_000).messages), []);
  });

  it('is closed by a verdict, with one answer under a name of its own', () => {
    const run = makeRun({ phase: 'concluded', verdict: 'pass', judgedVerdict: 'pass' });
    const { gate, messages } = advance(makeGate(), answerRun(run, refuse), run, true, start + minute);
    assert.deepEqual([gate.state, gate.nextAt, gate.closedAt], ['allowed', null, start + minute]);
    assert.deepEqual(
      messages.map(({ channel, dedupeKey, orderKey, dueAt }) => [channel, dedupeKey, orderKey, dueAt]),
      [['github', 'gate/g1/final', 'g1', start + minute]],
    );
  });

  it('leaves the verdict beside the commit too where that is wished', () => {
    const run = makeRun({ phase: 'concluded', verdict: 'fail', judgedVerdict: 'fail' });
    const { gate, messages } = advance(
      makeGate({ report: 'check' }),
      answerRun(run, refuse),
      run,
      true,
      start,
    );
    assert.equal(gate.state, 'refused');
    assert.deepEqual(kinds(messages), ['final', 'report']);
  });

  it('is refused at its deadline, saying what it waited for, whatever is under way', () => {
    const run = makeRun({ phase: 'running' });
    const deadline = start + 10 * minute;
    const gate = makeGate({ deadline });
    assert.equal(advance(gate, answerRun(run, refuse), run, false, deadline - 1).gate.state, 'open');
    const { gate: closed, messages } = advance(gate, answerRun(run, refuse), run, false, deadline);
    const { answer } = (messages[0] ?? assert.fail()).payload as GateMessage;
    assert.equal(closed.state, 'refused');
    assert.equal(answer.allowed, false);
    assert.match(
      answer.reasons.join('; '),
      /nothing has answered for this gate in time; the analysis is still running/,
    );
  });

  it('tells nothing but the answer where no comments are wished', () => {
    const { all } = live(makeGate({ comments: false, deadline: start + 30 * minute }), () => null);
    assert.deepEqual(all, ['final']);
  });

  it('spreads its comments over the analysis', () => {
    const plan = makePlan({ duration: '30m' });
    const run = makeRun({ plan, phase: 'running' });
    const { told } = live(makeGate(), (now) =>
      now < start + 30 * minute
        ? run
        : { ...run, phase: 'concluded', verdict: 'pass', judgedVerdict: 'pass' },
    );
    assert.ok(told.length === 8 || told.length === 9, `${told.length}`);
    const gaps = told.slice(1).map((at, index) => at - told[index]!);
    assert.ok(Math.min(...gaps) >= 3 * minute && Math.max(...gaps) <= 5 * minute, `${gaps}`);
  });

  it('never tells more than nine times and always answers once, whenever what is found', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 0, max: 130 }),
        fc.integer({ min: 0, max: 130 }),
        (deadline, foundAt, overAfter) => {
          const run = makeRun({ phase: 'running', start: start + foundAt * minute });
          const { all, gate } = live(makeGate({ deadline: start + deadline * minute }), (now) => {
            if (now < start + foundAt * minute) return null;
            const isOver = now >= start + (foundAt + overAfter) * minute;
            return isOver ? { ...run, phase: 'concluded', verdict: 'pass', judgedVerdict: 'pass' } : run;
          });
          assert.ok(all.filter((kind) => kind === 'progress').length <= 9);
          assert.equal(all.filter((kind) => kind === 'final').length, 1);
          assert.ok((gate.closedAt ?? 0) <= gate.deadline + 2_000);
        },
      ),
      { numRuns: 60 },
    );
  });
});
