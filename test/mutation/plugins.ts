import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { MochaRunner } from './mocha-runner.ts';
import { SamplingChecker } from './sampling-checker.ts';

/** What Stryker looks for in a module that it loads as a plugin. */
export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'mocha', MochaRunner),
  declareClassPlugin(PluginKind.Checker, 'sample', SamplingChecker),
];
