// Our state in Fly's words.
import { createHash } from 'node:crypto'
import type { App, Certificate, IpAssignment, Lease, Machine, MachineEvent, Secrets, Snapshot, Volume } from '../model.ts'

const BLOCK_BYTES = 4096
const GB = 1024 ** 3

/** An app as Fly shows it. */
export function appView(app: App): Record<string, unknown> {
  const machines = app.machines.filter((machine) => machine.state !== 'destroyed').length
  return {
    id: app.id,
    internal_numeric_id: app.number,
    name: app.name,
    network: app.network,
    status: machines > 0 ? 'deployed' : 'pending',
    machine_count: machines,
    volume_count: app.volumes.filter((volume) => volume.state === 'created').length,
    organization: { internal_numeric_id: 1, name: app.orgSlug, slug: app.orgSlug },
  }
}

function eventView(event: MachineEvent): Record<string, unknown> {
  return { ...event }
}

function imageRef(image: string): Record<string, unknown> {
  const colon = image.lastIndexOf(':')
  const [repository, tag] = colon > image.lastIndexOf('/') ? [image.slice(0, colon), image.slice(colon + 1)] : [image, 'latest']
  return { registry: 'local', repository, tag, digest: `sha256:${createHash('sha256').update(image).digest('hex')}`, labels: {} }
}

/** A machine as Fly shows it; with its host down the configuration is not to be had. */
export function machineView(machine: Machine, options: { hostDown: boolean; nonce?: string | undefined }): Record<string, unknown> {
  return {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    instance_id: machine.version,
    private_ip: machine.privateIp,
    ...(options.hostDown ? { incomplete_config: machine.config, host_status: 'unreachable' } : { config: machine.config, host_status: 'ok' }),
    image_ref: imageRef(machine.config.image),
    created_at: machine.createdAt,
    updated_at: machine.updatedAt,
    checks: [],
    events: machine.events.map(eventView),
    ...(options.nonce !== undefined && { nonce: options.nonce }),
  }
}

/** The events of a machine, newest first. */
export function eventViews(machine: Machine): Record<string, unknown>[] {
  return machine.events.map(eventView)
}

/** A machine in the organisation's list: its state, and the part of its configuration that Fly keeps at hand. */
export function orgMachineView(app: App, machine: Machine, summary: boolean): Record<string, unknown> {
  const { guest, image, metadata } = machine.config
  return {
    id: machine.id,
    app_name: app.name,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    instance_id: machine.version,
    version: machine.version,
    private_ip: machine.privateIp,
    created_at: machine.createdAt,
    updated_at: machine.updatedAt,
    ...(!summary && { config: { guest, image, metadata: metadata ?? {} } }),
  }
}

/** The envelope in which a lease travels. */
export function leaseView(lease: Lease, withNonce: boolean): Record<string, unknown> {
  return {
    status: 'success',
    data: {
      ...(withNonce && { nonce: lease.nonce }),
      expires_at: Math.floor(Date.parse(lease.expiresAt) / 1000),
      owner: lease.owner,
      description: lease.description,
      version: lease.version,
    },
  }
}

/** A volume as Fly shows it. */
export function volumeView(volume: Volume): Record<string, unknown> {
  const blocks = (volume.sizeGb * GB) / BLOCK_BYTES
  return {
    id: volume.id,
    name: volume.name,
    state: volume.state,
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: volume.zone,
    encrypted: volume.encrypted,
    fstype: volume.fstype,
    attached_machine_id: volume.machineId ?? '',
    attached_alloc_id: '',
    created_at: volume.createdAt,
    blocks,
    block_size: BLOCK_BYTES,
    blocks_avail: blocks,
    blocks_free: blocks,
    bytes_total: volume.sizeGb * GB,
    bytes_used: 0,
    auto_backup_enabled: volume.autoBackup,
    snapshot_retention: volume.snapshotRetention,
    host_status: 'ok',
    type: 'local',
  }
}

/** A volume in the organisation's list. */
export function orgVolumeView(app: App, volume: Volume): Record<string, unknown> {
  return { ...volumeView(volume), app_name: app.name, updated_at: volume.updatedAt }
}

/** A snapshot as Fly shows it. */
export function snapshotView(snapshot: Snapshot): Record<string, unknown> {
  return {
    id: snapshot.id,
    created_at: snapshot.createdAt,
    digest: createHash('sha256').update(snapshot.id).digest('hex'),
    retention_days: snapshot.retentionDays,
    size: snapshot.sizeBytes,
    status: 'created',
    volume_size: snapshot.volumeSizeGb * GB,
  }
}

/** A secret without its value. */
export function secretView(name: string, secret: Secrets[string]): Record<string, unknown> {
  return { name, digest: secret.digest, created_at: secret.createdAt, updated_at: secret.updatedAt }
}

/** An address of an app. */
export function ipView(ip: IpAssignment): Record<string, unknown> {
  return { ip: ip.ip, region: ip.region, shared: ip.shared, service_name: ip.serviceName, created_at: ip.createdAt }
}

/** A certificate in a list. */
export function certificateSummary(certificate: Certificate): Record<string, unknown> {
  const active = certificate.status === 'active'
  return {
    hostname: certificate.hostname,
    status: certificate.status,
    created_at: certificate.createdAt,
    updated_at: certificate.updatedAt,
    dns_provider: 'local',
    configured: active,
    acme_requested: true,
    acme_alpn_configured: active,
    acme_dns_configured: active,
    acme_http_configured: active,
    ownership_txt_configured: certificate.status !== 'pending_ownership',
    has_custom_certificate: false,
    has_fly_certificate: active,
  }
}

/** A certificate with the DNS records that its owner must set. */
export function certificateView(app: App, certificate: Certificate): Record<string, unknown> {
  const active = certificate.status === 'active'
  const { hostname, status, token } = certificate
  return {
    hostname,
    status,
    configured: active,
    acme_requested: true,
    dns_provider: 'local',
    certificates: [{ source: 'fly', status, created_at: certificate.createdAt, expires_at: '', issuer: active ? "Let's Encrypt" : '', issued: [] }],
    dns_requirements: {
      a: ['66.241.124.10'],
      aaaa: [`2a09:8280:1::${(app.number % 65536).toString(16)}`],
      cname: `${app.name}.fly.dev`,
      acme_challenge: { name: `_acme-challenge.${hostname}`, target: `${hostname}.${token}.flydns.net` },
      ownership: { name: `_fly-ownership.${hostname}`, app_value: `app-${token}`, org_value: `org-${app.orgSlug}` },
    },
    validation: {
      alpn_configured: active,
      dns_configured: active,
      http_configured: active,
      ownership_txt_configured: status !== 'pending_ownership',
    },
    validation_errors: [],
  }
}
