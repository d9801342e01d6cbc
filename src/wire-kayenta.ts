import type { Catalog } from './analysis/catalog.ts';
import { createCanaries } from './analysis/kayenta/canaries.ts';
import { createCanaryConfigs } from './analysis/kayenta/configs.ts';
import type { KayentaSettings } from './analysis/kayenta/settings.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { Runs } from './analysis/runs.ts';
import type { Scheduler } from './analysis/scheduler.ts';
import type { Kayenta } from './api/kayenta/deps.ts';
import type { Config } from './config.ts';

type KayentaGround = {
  readonly unitOfWork: UnitOfWork;
  readonly current: () => { readonly config: Config; readonly catalog: Catalog };
  readonly now: () => number;
};

type Analysis = { readonly runs: Runs; readonly scheduler: Pick<Scheduler, 'tick'> };

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
export function wireKayenta(ground: KayentaGround, { runs, scheduler }: Analysis): Kayenta {
  const { unitOfWork, current, now } = ground;
  const since = now();
  const shared = {
    unitOfWork,
    now,
    catalog: () => current().catalog,
    settings: () => kayentaSettings(current().config, since),
  };
  const poke = (): void => void scheduler.tick();
  return {
    settings: shared.settings,
    configs: createCanaryConfigs(shared),
    canaries: createCanaries({ ...shared, runs, poke }),
  };
}
