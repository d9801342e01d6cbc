import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { SerinError } from '../../src/errors.ts';
import { createProvider, providerTypes } from '../../src/metrics/registry.ts';

const folder = new URL('../../src/metrics/', import.meta.url);
const docs = new URL('../../docs/providers/', import.meta.url);

function refusal(config: unknown): SerinError {
  try {
    createProvider('main', config);
  } catch (error) {
    assert.ok(error instanceof SerinError);
    assert.equal(error.code, 'invalid_input');
    return error;
  }
  return assert.fail('was not refused');
}

describe('the registry of providers', () => {
  it('lists each folder of src/metrics and nothing else', () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

    assert.deepEqual([...providerTypes].sort(), folders.map(({ name }) => name).sort());
  });

  for (const type of providerTypes) {
    it(`finds all that belongs to ${type}`, () => {
      for (const file of ['index.ts', 'config.ts', 'schema.ts', 'README.md']) {
        assert.ok(existsSync(new URL(`${type}/${file}`, folder)), `${type}/${file} is missing`);
      }
      assert.ok(existsSync(new URL(`${type}.md`, docs)), `docs/providers/${type}.md is missing`);
    });
  }
});

describe('createProvider(name, config, deps)', () => {
  it('makes the provider that the type names', () => {
    const provider = createProvider('demo', { type: 'synthetic' });

    assert.deepEqual([provider.name, provider.type], ['demo', 'synthetic']);
  });

  for (const [config, message] of [
    [{ type: 'promethues' }, 'providers.main.type: found "promethues"; allowed are prometheus, synthetic'],
    [{ type: 'constructor' }, 'providers.main.type: found "constructor"; allowed are prometheus, synthetic'],
    [{ type: 7 }, 'providers.main.type: found 7; allowed are prometheus, synthetic'],
    [{}, 'providers.main.type: is missing; allowed are prometheus, synthetic'],
    [null, 'providers.main.type: is missing; allowed are prometheus, synthetic'],
  ] as const) {
    it(`refuses ${inspect(config)}`, () => assert.equal(refusal(config).message, message));
  }

  it('names every issue of a configuration by its path', () => {
    const { issues } = refusal({ type: 'prometheus', url: 'nowhere', timeout: '1h', colour: 'red' });

    assert.deepEqual(issues.map(({ path }) => path).sort(), [
      'providers.main',
      'providers.main.timeout',
      'providers.main.url',
    ]);
    assert.match(
      issues.map(({ message }) => message).join(),
      /unknown key "colour"; allowed are type, url, auth/,
    );
  });

  it('repeats nothing of what may be a secret', () => {
    const secret = 48_151_623;
    for (const auth of [
      { bearer: secret },
      { basic: { username: 'a', password: secret } },
      String(secret),
      [secret],
    ]) {
      const url = `http://bob:${secret}@host`;

      const error = refusal({ type: 'prometheus', url, auth, headers: { a: secret }, ca: String(secret) });

      assert.ok(!inspect(error, { depth: 9 }).includes(String(secret)), inspect(error));
    }
  });
});
