import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { nameInputs, readInputs } from '../../action/src/inputs.ts';
import { invalidInput, SerinError } from '../../src/errors.ts';
import { inputsOf, jobEnvironment } from '../support/github-runner.ts';

const needed = { url: 'https://serin.example/base', service: 'checkout' };

function faults(inputs: Record<string, string>): string {
  try {
    readInputs(inputsOf(inputs));
  } catch (error) {
    if (error instanceof SerinError) return error.message;
  }
  return '';
}

describe('the inputs of the action', () => {
  it('have defaults like those of action.yml', () => {
    const action = parse(readFileSync('action/action.yml', 'utf8')) as {
      inputs: Record<string, { default?: string }>;
    };
    const defaults = Object.entries(action.inputs).flatMap(([name, { default: value }]) =>
      value === undefined || value.startsWith('${{') ? [] : [[name, value] as const],
    );
    assert.deepEqual(
      readInputs(inputsOf({ ...Object.fromEntries(defaults), ...needed })),
      readInputs(inputsOf(needed)),
    );
  });

  it('are all read that action.yml names, and no other', () => {
    const action = parse(readFileSync('action/action.yml', 'utf8')) as { inputs: object };
    const asked = new Set<string>();
    const spy = new Proxy(inputsOf(needed), {
      get: (target, name) => {
        asked.add(String(name));
        return Reflect.get(target, name);
      },
    });
    readInputs(spy);
    const read = [...asked]
      .filter((name) => name.startsWith('INPUT_'))
      .map((name) => name.slice(6).toLowerCase());
    assert.deepEqual(read.sort(), Object.keys(action.inputs).sort());
  });

  it('that are blank are absent', () => {
    const inputs = readInputs(inputsOf({ ...needed, target: '', template: '  ', timeout: '', token: '' }));
    assert.deepEqual(
      [inputs.flags.timeout, 'target' in inputs.flags, 'template' in inputs.flags],
      [3_600_000, false, false],
    );
    assert.equal('token' in inputs.flags, false);
  });

  it('tell times in seconds or as durations', () => {
    const { flags, poll } = readInputs(
      inputsOf({ ...needed, timeout: '2h', 'connect-timeout': '1.5', 'poll-interval': '5s' }),
    );
    assert.deepEqual([flags.timeout, flags.connectTimeout, poll], [7_200_000, 1_500, 5_000]);
  });

  it('tell scopes one pair a line', () => {
    const { flags } = readInputs(inputsOf({ ...needed, canary: 'a=1\n\n  b=x=y \r\n', baseline: 'a=2' }));
    assert.deepEqual([flags.canary, flags.baseline], [['a=1', 'b=x=y'], ['a=2']]);
  });

  it('tell the audience, by default the origin of the address', () => {
    assert.equal(readInputs(inputsOf(needed)).audience, 'https://serin.example');
    assert.equal(readInputs(inputsOf({ ...needed, audience: 'serin' })).audience, 'serin');
  });

  it('pass with a warning when that is asked for', () => {
    const { flags, warns } = readInputs(inputsOf({ ...needed, 'on-inconclusive': 'warn' }));
    assert.deepEqual([flags.onInconclusive, warns], ['pass', true]);
  });

  it('are completed by what the runner knows', () => {
    const { flags } = readInputs({ ...jobEnvironment, ...inputsOf(needed) });
    assert.equal(flags.changeUrl, 'https://github.com/octocat/shop/actions/runs/42');
    assert.equal(flags.actor, 'octocat');
  });

  it('are all checked, for the runner checks none', () => {
    const wrong = {
      'on-inconclusive': 'maybe',
      'on-unavailable': 'warn',
      'dry-run': 'yes',
      timeout: 'soon',
      'poll-interval': '61',
      kind: 'odd',
    };
    const found = faults(wrong);
    for (const name of ['url: is missing', 'service: is missing', ...Object.keys(wrong)])
      assert.ok(found.includes(name), name);
    assert.match(found, /on-unavailable: found "warn"; allowed are fail, pass/);
    assert.match(found, /timeout: found "soon"; allowed are seconds, or durations/);
  });

  it('are named in messages that speak of flags', () => {
    const error = nameInputs(
      invalidInput([
        { path: '--plan', message: 'is given beside --template' },
        { path: '--change-version', message: 'x' },
      ]),
    );
    assert.equal(error.message, 'plan: is given beside template; version: x');
  });
});
