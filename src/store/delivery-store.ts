import type { DeliveryStore } from '../ledger/delivery-store.ts';
import { writeInstant } from './columns.ts';
import type { Connection } from './database.ts';

/** Keeps the deliveries seen in the database, or as one of its transactions sees them. */
export function createDeliveryStore(connection: Connection): DeliveryStore {
  return {
    remember: async (source, deliveryId, at) => {
      const row = { source, delivery_id: deliveryId, seen_at: writeInstant(at, 'deliveries.seen_at') };
      const inserted = await connection.run((sql) =>
        sql('deliveries').insert(row).onConflict(['source', 'delivery_id']).ignore().returning('source'),
      );
      return inserted.length === 1;
    },
    forget: (before) =>
      connection.run((sql) =>
        sql('deliveries').where('seen_at', '<', writeInstant(before, 'deliveries.seen_at')).delete(),
      ),
  };
}
