import { type CallbackDeps, createCallbackChannel } from './callback/index.ts';
import type { Channel, Channels } from './channel.ts';
import type { GithubConfig } from './config.ts';
import { createGithubChannel, type GithubDeps } from './github/index.ts';

/** The parts of the configuration that channels are made of; `undefined`: not configured. */
export type ChannelConfigs = { readonly github?: GithubConfig | undefined };

export type ChannelDeps = GithubDeps & { readonly callback: CallbackDeps };

/** The channels that are configured, by the name that messages say. A channel is a folder beside this file and a line here. */
export function createChannels(configs: ChannelConfigs, deps: ChannelDeps): Channels {
  const made: readonly (readonly [string, Channel | null])[] = [
    ['callback', createCallbackChannel(deps.callback)],
    ['github', configs.github === undefined ? null : createGithubChannel(configs.github, deps)],
  ];
  return new Map(made.flatMap(([name, channel]) => (channel === null ? [] : [[name, channel] as const])));
}
