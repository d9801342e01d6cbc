import type { Canaries } from '../../analysis/kayenta/canaries.ts';
import type { CanaryConfigs } from '../../analysis/kayenta/configs.ts';
import type { KayentaSettings } from '../../analysis/kayenta/settings.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { OutageClock } from '../argo-rollouts/outage-clock.ts';
import type { Drain } from '../drain.ts';
import type { Judging } from '../judge.ts';
import type { After } from '../timers.ts';

/** The use cases that clients of Kayenta reach. */
export type Kayenta = {
  readonly configs: CanaryConfigs;
  readonly canaries: Canaries;
  readonly settings: () => KayentaSettings;
};

export type KayentaDeps = Kayenta & {
  readonly judging: Judging;
  readonly outage: OutageClock;
  readonly drain: Drain;
  readonly after: After;
  readonly now: () => number;
  readonly logger: Logger;
  readonly publicUrl: string | null;
};
