import { invalidInput } from '../../errors.ts';
import type { KayentaAccount, KayentaSettings, NamedAccounts } from './settings.ts';

function find({ accounts }: KayentaSettings, name: string | null): KayentaAccount | null {
  return accounts.find((account) => account.name === name) ?? null;
}

/**
 * The accounts of a request that the configuration knows, the metrics account first. A metrics account that is not
 * known is `invalid_input` where accounts are configured: it would be judged somewhere else than its caller thinks.
 */
function knownAccounts(settings: KayentaSettings, named: NamedAccounts): readonly KayentaAccount[] {
  const { metrics, storage, configuration } = named;
  const isProvider = settings.providers.some(({ name }) => name === metrics);
  if (metrics !== null && settings.accounts.length > 0 && find(settings, metrics) === null && !isProvider) {
    const known = settings.accounts.map(({ name }) => name).join(', ');
    throw invalidInput([
      { path: 'metricsAccountName', message: `found ${JSON.stringify(metrics)}; configured are ${known}` },
    ]);
  }
  return [metrics, storage, configuration]
    .map((name) => find(settings, name))
    .filter((account) => account !== null);
}

/** Where a canary runs: as its accounts say, the metrics account first; `null` when they do not. */
export function environmentOf(settings: KayentaSettings, named: NamedAccounts): string | null {
  const known = knownAccounts(settings, named).find(({ environment }) => environment !== null);
  return known?.environment ?? null;
}

/**
 * The provider that answers queries of a type for a request: that of its metrics account, the one of the account's name,
 * or the only one of the type.
 *
 * @throws `invalid_input` at `path` when there is none, or several of which none is named
 */
export function providerFor(
  settings: KayentaSettings,
  named: NamedAccounts,
  type: string,
  path: string,
): string {
  const account = find(settings, named.metrics);
  const wanted = account?.provider ?? named.metrics;
  const fitting = settings.providers.filter((one) => one.type === type);
  const chosen = fitting.find(({ name }) => name === wanted);
  if (chosen !== undefined) return chosen.name;
  const names = fitting.map(({ name }) => name).join(', ') || 'none';
  if (account?.provider !== null && account?.provider !== undefined)
    throw invalidInput([
      {
        path,
        message: `found a query of type ${type}, but account ${account.name} asks provider ${account.provider}; providers of that type are ${names}`,
      },
    ]);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only.name;
  throw invalidInput([
    {
      path,
      message: `found a query of type ${type}; configured providers of that type are ${names}${fitting.length > 1 ? ': say in kayenta.accounts which one the account asks' : ''}`,
    },
  ]);
}
