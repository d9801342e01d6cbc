import { createRequire } from 'node:module';
import type { InstrumenterContext, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, tokens } from '@stryker-mutator/api/plugin';
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import imported from 'fast-check';
import Mocha from 'mocha';
import { toldBy } from './options.ts';

/** Where instrumented code keeps what was covered, and looks which mutant is active. */
const context = contextOf(globalThis as unknown as Record<string, InstrumenterContext | undefined>);

function contextOf(globals: Record<string, InstrumenterContext | undefined>): InstrumenterContext {
  const made = globals['__stryker__'] ?? {};
  globals['__stryker__'] = made;
  return made;
}

/** Mocha loads a test by `require` where it can, and a module loaded so is another than the one that is imported. */
const fastChecks = [imported, createRequire(import.meta.url)('fast-check') as typeof imported];

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Gathers the results of a run, each with the time since the one before. */
function collect(runner: Mocha.Runner): TestResult[] {
  const results: TestResult[] = [];
  let began = performance.now();
  const result = (test: Mocha.Runnable) => {
    const timeSpentMs = performance.now() - began;
    began = performance.now();
    return { id: test.fullTitle(), name: test.fullTitle(), timeSpentMs };
  };
  runner.on('pass', (test) => results.push({ ...result(test), status: TestStatus.Success }));
  runner.on('fail', (test, error: Error) =>
    results.push({ ...result(test), status: TestStatus.Failed, failureMessage: error.message }),
  );
  return results;
}

/** Mocha's reporter that says nothing. */
class Silent {}

/**
 * The project's own mocha as Stryker's test runner: the one that comes with Stryker 9 does not load with mocha 12.
 * Test files are loaded once a process; the instrumented code asks at each place which mutant is active.
 */
export class MochaRunner implements TestRunner {
  static readonly inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  #mocha: Mocha | null = null;

  constructor(options: StrykerOptions) {
    this.#files = toldBy(options).tests;
  }

  /** Modules that were imported cannot be imported anew: for mutants at their top a new process starts. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun({ coverageAnalysis, disableBail }: DryRunOptions): Promise<DryRunResult> {
    const mocha = await this.#load(null);
    let tracking = coverageAnalysis === 'perTest';
    mocha.suite.beforeEach(function () {
      if (tracking) context.currentTestId = this.currentTest?.fullTitle() ?? '';
    });
    const result = await this.#run(mocha, disableBail);
    tracking = false;
    if (result.status !== DryRunStatus.Complete || context.mutantCoverage === undefined) return result;
    return { ...result, mutantCoverage: context.mutantCoverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, testFilter, disableBail, hitLimit } = options;
    const mocha = await this.#load(mutantActivation === 'static' ? activeMutant.id : null);
    Object.assign(context, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 });
    mocha.grep(new RegExp(testFilter?.map((title) => `^${quoted(title)}$`).join('|') ?? ''));
    const result = await this.#run(mocha, disableBail);
    const timeout = determineHitLimitReached(context.hitCount, context.hitLimit);
    return toMutantRunResult(timeout ?? result);
  }

  async #load(activeMutant: string | null): Promise<Mocha> {
    if (this.#mocha !== null) return this.#mocha;
    // The same examples for each mutant, and the first one that fails is enough.
    for (const fc of fastChecks) fc.configureGlobal({ seed: 1, endOnFailure: true });
    if (activeMutant !== null) context.activeMutant = activeMutant;
    const mocha = new Mocha({ timeout: 0, reporter: Silent as unknown as Mocha.ReporterConstructor });
    mocha.cleanReferencesAfterRun(false);
    for (const file of this.#files) mocha.addFile(file);
    await mocha.loadFilesAsync();
    this.#mocha = mocha;
    return mocha;
  }

  async #run(mocha: Mocha, disableBail: boolean): Promise<DryRunResult> {
    const bail = (suite: Mocha.Suite): void => {
      suite.bail(!disableBail);
      suite.suites.forEach(bail);
    };
    bail(mocha.suite);
    return new Promise((settle) => {
      const runner = mocha.run(() => settle({ status: DryRunStatus.Complete, tests }));
      const tests = collect(runner);
    });
  }
}
