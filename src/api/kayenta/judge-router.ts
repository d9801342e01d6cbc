import { Router } from 'express';
import { judges } from '../../analysis/kayenta/judges.ts';
import { judgeRemotely } from '../../analysis/kayenta/remote-judge.ts';
import type { KayentaSettings } from '../../analysis/kayenta/settings.ts';
import type { components } from '../schema.gen.ts';
import type { KayentaDeps } from './deps.ts';
import { kayentaPaths } from './paths.ts';

type Credential = components['schemas']['KayentaCredential'];

/** Where configs and results are kept: all in one place, under one name. */
const store: Credential = {
  name: 'serin',
  type: 'serin',
  supportedTypes: ['CONFIGURATION_STORE', 'OBJECT_STORE'],
};

/** The accounts configured, and every provider that no account is named like. */
function listCredentials({ accounts, providers }: KayentaSettings): Credential[] {
  const typeOf = (name: string | null): string | undefined =>
    providers.find((provider) => provider.name === name)?.type;
  const named = accounts.map(({ name, type, provider }) => ({
    name,
    type: type ?? typeOf(provider) ?? typeOf(name) ?? providers[0]?.type ?? 'serin',
  }));
  const others = providers.filter(({ name }) => accounts.every((account) => account.name !== name));
  const metrics = [...named, ...others].map(
    ({ name, type }): Credential => ({ name, type, supportedTypes: ['METRICS_STORE'] }),
  );
  return [...metrics, store];
}

/** The routes of judges and accounts. */
export function createJudgeRoutes({ judging, drain, settings }: KayentaDeps): Router {
  const router = Router();
  router.get(kayentaPaths('/judges'), (_request, response) => {
    response.json(judges.map((judge) => ({ ...judge })));
  });
  router.get(kayentaPaths('/credentials'), (_request, response) => {
    response.json(listCredentials(settings()));
  });
  router.post(kayentaPaths('/judge'), async (request, response) => {
    const signal = drain.signalFor(response);
    response.json(await judgeRemotely(request.body, (body) => judging(body, signal)));
  });
  return router;
}
