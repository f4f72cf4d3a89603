/** Engines have about 31 default networks: drydock takes small ones out of a range of its own. */
const range = '10.213';
const size = 32;
/** First address of the range, whose mask is 255.255.0.0. */
export const bridgeRange = `${range}.0.0`;
export const isBridgeAddress = (address: string): boolean => address.startsWith(`${range}.`);

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number): string => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');

/** First and last address of `10.0.0.0/8`; undefined for anything else than IPv4. */
function bounds(subnet: string): [number, number] | undefined {
  const [address = '', length] = subnet.split('/');
  if (!/^\d+(\.\d+){3}$/.test(address) || length === undefined) return undefined;
  const count = 2 ** (32 - Number(length));
  const first = Math.floor(toNumber(address) / count) * count;
  return [first, first + count - 1];
}

/** Subnets of /27 that overlap none of `taken`, in order. 2,048 of them when nothing is taken. */
export function freeSubnets(taken: string[]): string[] {
  const used = taken.map(bounds).filter((each) => each !== undefined);
  const start = toNumber(`${range}.0.0`);
  const free: string[] = [];
  for (let first = start; first < start + 65536; first += size)
    if (!used.some(([from, to]) => from <= first + size - 1 && to >= first)) free.push(`${toAddress(first)}/27`);
  return free;
}

/** Routers from .2, members from .10 of their subnet; .1 is the engine's own. */
export const gatewayAddress = (subnet: string): string => nth(subnet, 1);
export const routerAddress = (subnet: string, index: number): string => nth(subnet, 2 + index);
export const memberAddress = (subnet: string, index: number): string => nth(subnet, 10 + index);
/** The last address of a /27 is for broadcasts. */
const memberPlaces = size - 10 - 1;

const memberAddresses = (subnet: string): string[] => Array.from({ length: memberPlaces }, (_, index) => memberAddress(subnet, index));

/** The first place of a member that nobody has. */
export const freeMemberAddress = (subnet: string, taken: ReadonlySet<string>): string | undefined =>
  memberAddresses(subnet).find((address) => !taken.has(address));

/** The last one, for whoever does not stay. */
export const lastFreeMemberAddress = (subnet: string, taken: ReadonlySet<string>): string | undefined =>
  memberAddresses(subnet)
    .reverse()
    .find((address) => !taken.has(address));

function nth(subnet: string, offset: number): string {
  const found = bounds(subnet);
  if (!found) throw new RangeError(`not a subnet: ${subnet}`);
  return toAddress(found[0] + offset);
}
