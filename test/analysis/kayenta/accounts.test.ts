import assert from 'node:assert/strict';
import { environmentOf, providerFor } from '../../../src/analysis/kayenta/accounts.ts';
import type { KayentaAccount, KayentaSettings } from '../../../src/analysis/kayenta/settings.ts';

function account(name: string, changes: Partial<KayentaAccount> = {}): KayentaAccount {
  return { name, type: null, environment: null, provider: null, ...changes };
}

const settings: KayentaSettings = {
  accounts: [
    account('prod', { environment: 'production', provider: 'prometheus-eu' }),
    account('store', { environment: 'staging' }),
    account('made-up', { provider: 'synthetic' }),
  ],
  providers: [
    { name: 'prometheus-eu', type: 'prometheus' },
    { name: 'prometheus-us', type: 'prometheus' },
    { name: 'synthetic', type: 'synthetic' },
  ],
  judge: 'kayenta',
  since: 0,
};
const named = (metrics: string | null, storage: string | null = null) => ({
  metrics,
  storage,
  configuration: null,
});

describe('the environment of accounts', () => {
  it('is that of the metrics account, else of another that the configuration knows', () => {
    assert.equal(environmentOf(settings, named('prod', 'store')), 'production');
    assert.equal(environmentOf(settings, named('made-up', 'store')), 'staging');
    assert.equal(environmentOf(settings, named(null)), null);
    assert.equal(environmentOf(settings, named('prometheus-us', 's3')), null);
  });

  it('is an error for a metrics account that is not known, where any is', () => {
    assert.throws(
      () => environmentOf(settings, named('dev')),
      /metricsAccountName: found "dev"; configured are prod, store, made-up/,
    );
    assert.equal(environmentOf({ ...settings, accounts: [] }, named('dev')), null);
  });
});

describe('the provider of a query', () => {
  it('is that of the account, the one of its name, or the only one of the type', () => {
    assert.equal(providerFor(settings, named('prod'), 'prometheus', 'p'), 'prometheus-eu');
    assert.equal(providerFor(settings, named('prometheus-us'), 'prometheus', 'p'), 'prometheus-us');
    assert.equal(providerFor(settings, named(null), 'synthetic', 'p'), 'synthetic');
  });

  it('is an error when none fits, or several do', () => {
    const wrong = /p: found a query of type prometheus, but account made-up asks provider synthetic/;
    assert.throws(() => providerFor(settings, named('made-up'), 'prometheus', 'p'), wrong);
    assert.throws(
      () => providerFor(settings, named(null), 'prometheus', 'p'),
      /are prometheus-eu, prometheus-us: say in kayenta\.accounts/,
    );
    assert.throws(
      () => providerFor({ ...settings, providers: [] }, named(null), 'prometheus', 'p'),
      /of that type are none/,
    );
  });
});
