import 'reflect-metadata';

import { webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';

import { rememberSecret } from '../redact';
import type { SecretStore } from '../secrets';

/**
 * What a cluster's admin ports and their callers prove themselves with. The authority signs for this cluster only, so that
 * a client of one cluster is nobody at the routers of another. All are PEM texts.
 */
export interface AdminCertificates {
  authority: string;
  authorityKey: string;
  server: string;
  serverKey: string;
  client: string;
  clientKey: string;
}

/** One secret with all of them: two attempts at once can then never end with a mixture of two authorities. */
export const adminCertificatesRef = (cluster: string): string => `clusters/${cluster}/admin-certificates`;

/** The name that every router of a cluster proves; an address would change with the host. */
export const routerServerName = (cluster: string): string => `router.${cluster}.drydock`;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const lifetimeYears = 10;

type KeyPair = Awaited<ReturnType<typeof newKeys>>;
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function keyPem(keys: KeyPair): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function lifetime(): { notBefore: Date; notAfter: Date } {
  const now = new Date();
  // An hour back: hosts' clocks differ.
  const notBefore = new Date(now.getTime() - 3_600_000);
  const notAfter = new Date(now);
  notAfter.setFullYear(now.getFullYear() + lifetimeYears);
  return { notBefore, notAfter };
}

/** A new authority for `cluster` with one certificate for its routers and one for workers. */
export async function makeAdminCertificates(cluster: string): Promise<AdminCertificates> {
  const authorityKeys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifetime(),
    name: `CN=drydock cluster ${cluster}`,
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const issue = async (subject: string, usage: x509.ExtendedKeyUsage, dns?: string) => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...lifetime(),
      subject: `CN=${subject}`,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(authority),
        ...(dns ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: dns }])] : []),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys) };
  };
  const server = await issue('drydock router', x509.ExtendedKeyUsage.serverAuth, routerServerName(cluster));
  const client = await issue('drydock worker', x509.ExtendedKeyUsage.clientAuth);
  return {
    authority: `${authority.toString('pem')}\n`,
    authorityKey: await keyPem(authorityKeys),
    server: server.certificate,
    serverKey: server.key,
    client: client.certificate,
    clientKey: client.key,
  };
}

function parse(text: string): AdminCertificates {
  const certificates = JSON.parse(text) as AdminCertificates;
  for (const key of [certificates.authorityKey, certificates.serverKey, certificates.clientKey]) rememberSecret(key);
  return certificates;
}

export async function ensureAdminCertificates(secrets: SecretStore, cluster: string): Promise<AdminCertificates> {
  return parse(await secrets.ensure(adminCertificatesRef(cluster), async () => JSON.stringify(await makeAdminCertificates(cluster))));
}

/** Throws SecretMissing. */
export async function readAdminCertificates(secrets: SecretStore, cluster: string): Promise<AdminCertificates> {
  return parse(await secrets.read(adminCertificatesRef(cluster)));
}
