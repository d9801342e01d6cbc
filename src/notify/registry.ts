import { type CallbackDeps, createCallbackChannel } from './callback/index.ts';
import type { Channel, FindChannel } from './channel.ts';

export type ChannelDeps = { readonly callback: CallbackDeps };

/** The channels that are configured, by the name that messages say. A channel is a folder beside this file and a line here. */
export function createChannels(deps: ChannelDeps): FindChannel {
  const channels: ReadonlyMap<string, Channel> = new Map([
    ['callback', createCallbackChannel(deps.callback)],
  ]);
  return (name) => channels.get(name) ?? null;
}
