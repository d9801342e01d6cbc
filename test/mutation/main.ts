import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import { drawn, listUndetected, merge, type Tried, undetected, writeTable } from './report.ts';
import { keyOf, type Sampling } from './sample.ts';
import { tryMutants } from './stryker.ts';
import { allTests, ownTests, partOf } from './suites.ts';

const folder = 'reports/mutation';

const usage = `npm run mutate -- [FILE…] [--sample SHARE] [--seed NUMBER] [--tests PATTERN] [--again]
  FILE      what to mutate, of src/judge (default: all of it); a pattern will do
  --sample  the part of the mutants to try, more than 0 and at most 1 (default: 1)
  --seed    which part (default: 1)
  --tests   with these tests alone (default: those that mirror the part, then all of the judge's)
  --again   only those that the last run of the same sources did not find, after tests were added`;

type Arguments = {
  readonly files: readonly string[];
  readonly sampling: Sampling;
  readonly tests: string | null;
  readonly again: boolean;
};

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sample: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      tests: { type: 'string' },
      again: { type: 'boolean', default: false },
    },
  });
  const [share, seed] = [Number(values.sample), Number(values.seed)];
  if (!(share > 0 && share <= 1)) throw new Error(`--sample ${values.sample} is not above 0 and at most 1`);
  if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} is no integer`);
  const files = globSync(positionals.length === 0 ? ['src/judge/**/*.ts'] : positionals).filter((file) =>
    file.startsWith('src/judge/'),
  );
  if (files.length === 0) throw new Error(`no file of src/judge matches ${positionals.join(' ')}`);
  return { files: files.sort(), sampling: { share, seed }, tests: values.tests ?? null, again: values.again };
}

/** What the last run found. */
function readLast(part: string): Tried[] {
  return (JSON.parse(readFileSync(`${folder}/${part}.json`, 'utf8')) as { mutants: Tried[] }).mutants;
}

/** First with the tests that mirror the part, then what they did not find with all of the judge's. */
async function tryPart(part: string, files: readonly string[], asked: Arguments): Promise<Tried[]> {
  const { sampling, again } = asked;
  const chosen = asked.tests === null ? null : globSync(asked.tests);
  const first = again
    ? readLast(part)
    : await tryMutants(files, { tests: chosen ?? ownTests(part), sampling, only: null });
  const only = undetected(drawn(first, sampling)).map(keyOf);
  if (only.length === 0 || (chosen !== null && !again)) return drawn(first, sampling);
  const second = await tryMutants(files, { tests: chosen ?? allTests(), sampling, only });
  return drawn(merge(first, second), sampling);
}

async function main(): Promise<void> {
  const asked = readArguments();
  const { files, sampling } = asked;
  mkdirSync(folder, { recursive: true });
  for (const part of new Set(files.map(partOf))) {
    const tried = await tryPart(
      part,
      files.filter((file) => partOf(file) === part),
      asked,
    );
    const report = `${writeTable(tried, sampling)}\n\n${listUndetected(tried)}\n`;
    writeFileSync(`${folder}/${part}.json`, `${JSON.stringify({ ...sampling, mutants: tried }, null, 2)}\n`);
    writeFileSync(`${folder}/${part}.md`, report);
    process.stdout.write(`\n${part}\n\n${report}`);
  }
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n${usage}\n`);
  process.exitCode = 2;
}
