import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runAction } from './run.ts';
import { createRunner } from './runner.ts';

process.exitCode = await runAction({
  env: process.env,
  runner: createRunner(process.env, (text) => process.stdout.write(text)),
  fetch: globalThis.fetch,
  readFile: (path) => readFileSync(path, 'utf8'),
  now: Date.now,
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
});
