import { messageOf } from '../errors';

export interface Check {
  name: string;
  state: 'ok' | 'warning' | 'missing';
  found: string;
  /** What to do when it is not in order. */
  remedy?: string;
}

/** A check that fails by itself is a finding too: a doctor that dies of one illness names no other. */
export async function check(name: string, look: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, state: 'warning', found: `could not be looked at: ${messageOf(error)}` };
  }
}

export const ok = (found: string): Omit<Check, 'name'> => ({ state: 'ok', found });
export const warning = (found: string, remedy: string): Omit<Check, 'name'> => ({ state: 'warning', found, remedy });
export const missing = (found: string, remedy: string): Omit<Check, 'name'> => ({ state: 'missing', found, remedy });
