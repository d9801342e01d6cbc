import type { Catalog } from './analysis/catalog.ts';
import { createCanaries } from './analysis/kayenta/canaries.ts';
import { createCanaryConfigs } from './analysis/kayenta/configs.ts';
import type { KayentaSettings } from './analysis/kayenta/settings.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { Runs } from './analysis/runs.ts';
import type { Kayenta } from './api/kayenta/deps.ts';
import type { Config } from './config.ts';

type KayentaGround = {
  readonly runs: Runs;
  readonly unitOfWork: UnitOfWork;
  readonly config: () => Config;
  readonly catalog: () => Catalog;
  readonly now: () => number;
  readonly poke: () => void;
};

/** What of the configuration matters to clients of Kayenta. */
export function kayentaSettings({ kayenta, providers }: Config, since: number): KayentaSettings {
  return {
    accounts: Object.entries(kayenta.accounts).map(([name, { type, environment, provider }]) => ({
      name,
      type: type ?? null,
      environment: environment ?? null,
      provider: provider ?? null,
    })),
    providers: Object.entries(providers).map(([name, { type }]) => ({ name, type })),
    judge: kayenta.judge,
    since,
  };
}

/** Joins what clients of Kayenta reach with the rest of the service. */
export function wireKayenta({ runs, unitOfWork, config, catalog, now, poke }: KayentaGround): Kayenta {
  const since = now();
  const shared = { unitOfWork, catalog, now, settings: () => kayentaSettings(config(), since) };
  return {
    settings: shared.settings,
    configs: createCanaryConfigs(shared),
    canaries: createCanaries({ ...shared, runs, poke }),
  };
}
