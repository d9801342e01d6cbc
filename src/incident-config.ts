import { z } from 'zod';
import { incidentSourceNames } from './auth/config.ts';
import { strict } from './parse.ts';

const name = z.string().min(1).max(200);
const names = z.array(name);

/** The section `incidents` of the configuration. */
export const incidentsSchema = strict({
  /** Labels that may name the service, the environment, the version and the commit, in the order in which they are looked at. */
  serviceLabels: names.default(['service', 'service_name', 'app', 'app_kubernetes_io_name', 'job']),
  environmentLabels: names.default(['environment', 'env', 'deployment_environment']),
  versionLabels: names.default(['version', 'app_kubernetes_io_version']),
  commitLabels: names.default(['commit', 'git_sha']),
  /** What sources call services that are called otherwise here. */
  services: z.record(name, name).default({}),
  /** By source: the severities that count; all do where a source is not named. */
  severities: z.partialRecord(z.enum(incidentSourceNames), names).default({}),
});
