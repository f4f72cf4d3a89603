import { rememberSecret } from '../redact';
import type { SecretStore } from '../secrets';

/** A person's secret ends in a new line, as `openssl rand > file` leaves it, which does not belong to it. Throws SecretMissing. */
export async function readGivenSecret(secrets: SecretStore, reference: string): Promise<string> {
  const value = (await secrets.read(reference)).trim();
  rememberSecret(value);
  return value;
}
