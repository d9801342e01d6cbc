import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Ending } from './exit-codes.ts';

/** The flags of `serin judge` as commander hands them over; a flag not given is absent. */
export type JudgeFlags = {
  readonly looks?: 'each' | 'last';
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly onInconclusive: Extract<Ending, 'pass' | 'fail' | 'inconclusive'>;
  readonly failOnVerdict: boolean;
  readonly threads?: number;
};

function threads(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 256)
    throw new InvalidArgumentError('Allowed are whole numbers from 1 to 256.');
  return number;
}

/** Adds the flags of `serin judge`. */
export function addJudgeOptions(command: Command): Command {
  return command
    .argument('<file>', 'a body as POST /v1/judge takes it, or one a line; - reads stdin')
    .addOption(
      new Option('--looks <looks>', 'judge at each step or as a whole only, whatever the bodies say').choices(
        ['each', 'last'],
      ),
    )
    .addOption(
      new Option(
        '--json',
        'print judgements as JSON, one a line (default unless stdout is a terminal)',
      ).conflicts('explain'),
    )
    .option('--explain', 'print tables for people (default on a terminal)')
    .addOption(
      new Option('--on-inconclusive <ending>', 'what an inconclusive verdict ends as')
        .choices(['pass', 'fail', 'inconclusive'])
        .default('inconclusive'),
    )
    .option('--fail-on-verdict', 'with one body a line, exit with the worst verdict instead of 0', false)
    .addOption(
      new Option('--threads <number>', 'how many bodies are judged at once (default: all cores)').argParser(
        threads,
      ),
    );
}
