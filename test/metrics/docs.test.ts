import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { errorCodes } from '../../src/errors.ts';
import { createProvider, providerTypes } from '../../src/metrics/registry.ts';
import { signalNames } from '../../src/metrics/synthetic/buckets.ts';
import { scenarios } from '../../src/metrics/synthetic/scenario.ts';

const certificate = readFileSync(new URL('fixtures/loopback-certificate.pem', import.meta.url), 'utf8');

function readPage(type: string): string {
  return readFileSync(new URL(`../../docs/providers/${type}.md`, import.meta.url), 'utf8');
}

/** The configurations in a page, with what the environment and files would fill in. */
function configsOf(page: string): Record<string, unknown>[] {
  return [...page.matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, text]) =>
      (text ?? '').replaceAll(/\$\{(file:)?[^}]*\}/g, (_, file) => (file ? '@ca' : 'secret')),
    )
    .map(
      (text) =>
        parse(text, (_, value: unknown) => (value === '@ca' ? certificate : value)) as Record<
          string,
          unknown
        >,
    )
    .flatMap((document) =>
      'providers' in document ? [document['providers'] as Record<string, unknown>] : [],
    );
}

describe('the pages on providers', () => {
  for (const type of providerTypes) {
    it(`show configurations of ${type} that work`, () => {
      const configs = configsOf(readPage(type)).flatMap((providers) => Object.entries(providers));

      assert.ok(configs.length > 0);
      for (const [name, config] of configs) {
        const provider = createProvider(name, config);
        assert.equal(provider.type, type);
        provider.close();
      }
    });
  }

  it('name each way in which a provider fails', () => {
    const named = [...readPage('prometheus').matchAll(/^\| `(provider_\w+)`/gm)].map(([, code]) => code);

    assert.deepEqual(named.sort(), errorCodes.filter((code) => code.startsWith('provider_')).sort());
  });

  it('name each signal and each scenario of the synthetic provider', () => {
    const named = [...readPage('synthetic').matchAll(/^\| `([^`]+)`/gm)].map(([, word]) => word);

    assert.deepEqual(named, [...signalNames, ...scenarios]);
  });
});
