import { setTimeout as sleep } from 'node:timers/promises';

import { temporal } from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';

import { searchAttributes } from '../schemas/names';

const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
const names = Object.values(searchAttributes);

/** Registers drydock's search attributes and waits until they are usable; before that no workflow may run. Idempotent. */
export async function registerSearchAttributes(connection: NativeConnection, namespace: string, log: Logger): Promise<void> {
  for (let told = false; ; await sleep(200)) {
    const missing = await missingAttributes(connection, namespace);
    if (missing.length === 0) return;
    try {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
      });
    } catch (error) {
      // Another worker may register them at this moment; or this account may not, and a person must.
      if (!told)
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          `search attributes are missing: temporal operator search-attribute create ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
        );
      told = true;
    }
  }
}

async function missingAttributes(connection: NativeConnection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return names.filter((name) => customAttributes[name] !== keyword);
}
