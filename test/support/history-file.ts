import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;
export type RecordedHistory = temporal.api.history.v1.IHistory;

/**
 * Histories as compressed JSON. Not by `historyToJSON` of the SDK: it fails where npm gave @temporalio/common and @temporalio/proto a
 * protobufjs each.
 */
export function writeHistory(path: string, history: RecordedHistory): void {
  const plain = History.toObject(History.fromObject(history), { longs: String, bytes: String, enums: String });
  writeFileSync(path, gzipSync(JSON.stringify(plain), { level: 9 }));
}

export function readHistory(path: string): RecordedHistory {
  return History.fromObject(JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Record<string, unknown>);
}
