import type { JudgeReply, Judges, JudgeTask } from './judge-io.ts';
import type { Line } from './judge-lines.ts';

/** How much may be under way at once, so that memory stays the same however long the input is. */
export type Window = {
  readonly bodies: number;
  /** Characters; one body is let through whatever its length. */
  readonly characters: number;
};

/** Lets in what fits and makes the rest wait. */
function createGate(window: Window): {
  readonly enter: (size: number) => Promise<void>;
  readonly leave: (size: number) => void;
} {
  let bodies = 0;
  let characters = 0;
  let wake: () => void = () => {};
  const isFull = (size: number): boolean =>
    bodies > 0 && (bodies >= window.bodies || characters + size > window.characters);
  return {
    async enter(size) {
      while (isFull(size)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      bodies += 1;
      characters += size;
    },
    leave(size) {
      bodies -= 1;
      characters -= size;
      wake();
    },
  };
}

const nobodyReads = new Error('nobody reads the answers any longer');

function refuse(fault: string): JudgeReply {
  const message = `the line ${fault}`;
  return {
    kind: 'refused',
    problem: {
      type: 'urn:serin:problem:invalid_input',
      title: 'The input is not valid',
      status: 400,
      code: 'invalid_input',
      detail: message,
      errors: [{ path: '', message }],
    },
  };
}

/** Judges one line; a line that could not be read is refused as a body that makes no sense is. */
export async function judgeLine(line: Line, looks: JudgeTask['looks'], judges: Judges): Promise<JudgeReply> {
  return line.fault === null ? judges.judge({ text: line.text, looks }) : refuse(line.fault);
}

/**
 * Judges bodies that come one a line, blank lines left out, as many at once as the window allows, and gives each reply
 * to `tell` in the order of the lines as soon as those before it were told. Ends early when `tell` gives `false`.
 */
export async function judgeMany(
  lines: AsyncIterable<Line>,
  looks: JudgeTask['looks'],
  judges: Judges,
  window: Window,
  tell: (lineNumber: number, reply: JudgeReply) => Promise<boolean>,
): Promise<void> {
  const gate = createGate(window);
  const stopped = new AbortController();
  let told: Promise<void> = Promise.resolve();
  for await (const line of lines) {
    if (line.text?.trim() === '') continue;
    const size = line.text?.length ?? 0;
    await gate.enter(size);
    if (stopped.signal.aborted) break;
    const reply = judgeLine(line, looks, judges);
    told = Promise.all([reply, told])
      .then(async ([settled]) => {
        if (!stopped.signal.aborted && !(await tell(line.number, settled))) stopped.abort(nobodyReads);
      })
      .catch((error: unknown) => stopped.abort(error))
      .finally(() => gate.leave(size));
  }
  await told;
  if (stopped.signal.aborted && stopped.signal.reason !== nobodyReads) throw stopped.signal.reason;
}
