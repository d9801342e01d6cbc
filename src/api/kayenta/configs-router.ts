import { type Request, Router } from 'express';
import type { ConfigEntry } from '../../analysis/kayenta/configs.ts';
import type { StoredConfig } from '../../analysis/kayenta/kayenta-store.ts';
import { actorOf } from '../context.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';
import type { KayentaDeps } from './deps.ts';
import { kayentaPaths } from './paths.ts';

function writeEntry({
  id,
  name,
  applications,
  updatedAt,
}: ConfigEntry): components['schemas']['KayentaConfigEntry'] {
  return {
    id,
    name,
    updatedTimestamp: updatedAt,
    updatedTimestampIso: writeInstant(updatedAt),
    applications: [...applications],
  };
}

function writeConfig({
  id,
  createdAt,
  updatedAt,
  applications,
  body,
}: StoredConfig): Record<string, unknown> {
  return {
    ...body,
    id,
    applications,
    createdTimestamp: createdAt,
    createdTimestampIso: writeInstant(createdAt),
    updatedTimestamp: updatedAt,
    updatedTimestampIso: writeInstant(updatedAt),
  };
}

function applicationsOf(request: Request): readonly string[] {
  const given: unknown = request.query['application'];
  return (Array.isArray(given) ? given : [given]).filter((one) => typeof one === 'string' && one !== '');
}

function idOf(request: Request): string {
  return String(request.params['id']);
}

/** The routes of canary configs. */
export function createConfigsRouter({ configs }: KayentaDeps): Router {
  const router = Router();
  const [all, one] = [kayentaPaths('/canaryConfig'), kayentaPaths('/canaryConfig/:id')];
  router.get(all, async (request, response) => {
    const found = await configs.list(applicationsOf(request), actorOf(response));
    response.json(found.map(writeEntry));
  });
  router.post(all, async (request, response) => {
    response.json({ canaryConfigId: await configs.create(request.body, actorOf(response)) });
  });
  router.get(one, async (request, response) => {
    response.json(writeConfig(await configs.get(idOf(request), actorOf(response))));
  });
  router.put(one, async (request, response) => {
    await configs.replace(idOf(request), request.body, actorOf(response));
    response.json({ canaryConfigId: idOf(request) });
  });
  router.delete(one, async (request, response) => {
    await configs.remove(idOf(request), actorOf(response));
    response.json({ ok: true });
  });
  return router;
}
