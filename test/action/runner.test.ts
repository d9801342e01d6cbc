import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createRunner, disarm } from '../../action/src/runner.ts';
import { readOutputs } from '../support/github-runner.ts';

describe('the runner of GitHub Actions', () => {
  let folder: string;
  let printed: string[];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-runner-'));
  });
  beforeEach(() => {
    printed = [];
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const make = (env: Record<string, string> = {}) => createRunner(env, (text) => printed.push(text));

  it('is given annotations in which nothing ends early', () => {
    make().annotate('error', 'a: b, c', '100 %\r\n::error::x');
    assert.deepEqual(printed, ['::error title=a%3A b%2C c::100 %25%0D%0A::error::x\n']);
  });

  it('is asked to mask secrets', () => {
    make().mask('s%1');
    assert.deepEqual(printed, ['::add-mask::s%251\n']);
  });

  it('takes no command from text of the service', () => {
    const runner = make();
    for (const text of ['::set-output name=x::y\n', '  ::stop-commands::z\n', 'a ##[error]b\n'])
      runner.write(text);
    for (const text of printed) {
      assert.doesNotMatch(text, /^\s*::/m);
      assert.ok(!text.includes('##['));
    }
    assert.equal(disarm('10:20:30 running: fine'), '10:20:30 running: fine');
  });

  it('reads outputs of any text as they were', () => {
    const file = join(folder, 'output');
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), (first, second) => {
        writeFileSync(file, '');
        const value = `${first}\nx=y\nghadelimiter_\n${second}`.replaceAll('\r', '');
        const runner = make({ GITHUB_OUTPUT: file });
        runner.output('a', value);
        runner.output('b', '');
        assert.deepEqual(readOutputs(readFileSync(file, 'utf8')), { a: value, b: '' });
      }),
      { numRuns: 50 },
    );
  });

  it('may be none, as on a developer’s machine', () => {
    const runner = make({ GITHUB_OUTPUT: '' });
    runner.output('a', 'b');
    runner.summarise('x');
    assert.deepEqual(printed, []);
  });
});
