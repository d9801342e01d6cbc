import { readFileSync } from 'node:fs';
import type { MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import type { Told } from './options.ts';
import type { Outcome, Tried } from './report.ts';
import { fromRoot } from './sample.ts';

/** A suite that does not even load has found its mutant. */
const outcomes = new Map<MutantResult['status'], Outcome>([
  ['Killed', 'killed'],
  ['RuntimeError', 'killed'],
  ['Timeout', 'timeout'],
  ['Survived', 'survived'],
  ['NoCoverage', 'uncovered'],
]);

/** The text between two places, lines and columns from 1. */
function textOf(source: string, { start, end }: MutantResult['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.column - 1);
  lines[0] = (lines[0] ?? '').slice(start.column - 1);
  return lines.join('\n');
}

function triedOf(result: MutantResult): Tried[] {
  const outcome = outcomes.get(result.status);
  if (outcome === undefined) return [];
  const { location, mutatorName } = result;
  const fileName = fromRoot(result.fileName);
  const original = textOf(readFileSync(fileName, 'utf8'), location);
  return [{ fileName, location, mutatorName, replacement: result.replacement ?? '', original, outcome }];
}

function optionsFor(files: readonly string[], told: Told): PartialStrykerOptions {
  const loader = ['--import', 'tsx'];
  return {
    mutate: [...files],
    testRunner: 'mocha',
    checkers: told.sampling.share < 1 || told.only !== null ? ['sample'] : [],
    plugins: ['./test/mutation/plugins.ts'],
    testRunnerNodeArgs: loader,
    checkerNodeArgs: loader,
    concurrency: 1,
    coverageAnalysis: 'perTest',
    reporters: ['progress-append-only'],
    allowConsoleColors: false,
    // A second configuration in the copy would make Biome stop.
    ignorePatterns: ['biome.json', 'dist', 'docs', 'deploy', 'coverage', 'reports', '.calibration'],
    warnings: { unknownOptions: false, preprocessorErrors: true, unserializableOptions: true, slow: true },
    ...{ serin: told },
  };
}

/** Tries the mutants of some files with some tests; those that are not to be tried are left out. */
export async function tryMutants(files: readonly string[], told: Told): Promise<Tried[]> {
  const results = await new Stryker(optionsFor(files, told)).runMutationTest();
  return results.flatMap(triedOf);
}
