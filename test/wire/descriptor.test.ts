import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import t from 'tap';
import { Control } from '../../src/wire/gen/control.js';
import { Events } from '../../src/wire/gen/events.js';
import { KeyManagementService } from '../../src/wire/gen/kms.js';
import { ImageService, RuntimeService } from '../../src/wire/gen/runtime.js';
import {
  Auth,
  Cluster,
  health,
  KV,
  Lease,
  Maintenance,
  PutRequest,
  type ServiceDescriptor,
  v3electionpb,
  v3lockpb,
  Watch,
} from '../../src/wire/index.js';
import { codecs, protoDir, protoFiles, root, types } from './oracle.js';

const services: readonly ServiceDescriptor[] = [
  KV,
  Watch,
  Lease,
  Cluster,
  Maintenance,
  Auth,
  v3lockpb.Lock,
  v3electionpb.Election,
  health.Health,
  Control,
  RuntimeService,
  ImageService,
  KeyManagementService,
  Events,
];

/** etcd 3.7's methods, those of gRPC's health service, our own of the API server, and those of the container runtime interface and of the key management service, as `path(request) response` with `stream` where they stream. */
const methods = `
/etcdserverpb.KV/Range(RangeRequest) RangeResponse
/etcdserverpb.KV/RangeStream(RangeRequest) stream RangeStreamResponse
/etcdserverpb.KV/Put(PutRequest) PutResponse
/etcdserverpb.KV/DeleteRange(DeleteRangeRequest) DeleteRangeResponse
/etcdserverpb.KV/Txn(TxnRequest) TxnResponse
/etcdserverpb.KV/Compact(CompactionRequest) CompactionResponse
/etcdserverpb.Watch/Watch(stream WatchRequest) stream WatchResponse
/etcdserverpb.Lease/LeaseGrant(LeaseGrantRequest) LeaseGrantResponse
/etcdserverpb.Lease/LeaseRevoke(LeaseRevokeRequest) LeaseRevokeResponse
/etcdserverpb.Lease/LeaseKeepAlive(stream LeaseKeepAliveRequest) stream LeaseKeepAliveResponse
/etcdserverpb.Lease/LeaseTimeToLive(LeaseTimeToLiveRequest) LeaseTimeToLiveResponse
/etcdserverpb.Lease/LeaseLeases(LeaseLeasesRequest) LeaseLeasesResponse
/etcdserverpb.Cluster/MemberAdd(MemberAddRequest) MemberAddResponse
/etcdserverpb.Cluster/MemberRemove(MemberRemoveRequest) MemberRemoveResponse
/etcdserverpb.Cluster/MemberUpdate(MemberUpdateRequest) MemberUpdateResponse
/etcdserverpb.Cluster/MemberList(MemberListRequest) MemberListResponse
/etcdserverpb.Cluster/MemberPromote(MemberPromoteRequest) MemberPromoteResponse
/etcdserverpb.Maintenance/Alarm(AlarmRequest) AlarmResponse
/etcdserverpb.Maintenance/Status(StatusRequest) StatusResponse
/etcdserverpb.Maintenance/Defragment(DefragmentRequest) DefragmentResponse
/etcdserverpb.Maintenance/Hash(HashRequest) HashResponse
/etcdserverpb.Maintenance/HashKV(HashKVRequest) HashKVResponse
/etcdserverpb.Maintenance/Snapshot(SnapshotRequest) stream SnapshotResponse
/etcdserverpb.Maintenance/MoveLeader(MoveLeaderRequest) MoveLeaderResponse
/etcdserverpb.Maintenance/Downgrade(DowngradeRequest) DowngradeResponse
/etcdserverpb.Auth/AuthEnable(AuthEnableRequest) AuthEnableResponse
/etcdserverpb.Auth/AuthDisable(AuthDisableRequest) AuthDisableResponse
/etcdserverpb.Auth/AuthStatus(AuthStatusRequest) AuthStatusResponse
/etcdserverpb.Auth/Authenticate(AuthenticateRequest) AuthenticateResponse
/etcdserverpb.Auth/UserAdd(AuthUserAddRequest) AuthUserAddResponse
/etcdserverpb.Auth/UserGet(AuthUserGetRequest) AuthUserGetResponse
/etcdserverpb.Auth/UserList(AuthUserListRequest) AuthUserListResponse
/etcdserverpb.Auth/UserDelete(AuthUserDeleteRequest) AuthUserDeleteResponse
/etcdserverpb.Auth/UserChangePassword(AuthUserChangePasswordRequest) AuthUserChangePasswordResponse
/etcdserverpb.Auth/UserGrantRole(AuthUserGrantRoleRequest) AuthUserGrantRoleResponse
/etcdserverpb.Auth/UserRevokeRole(AuthUserRevokeRoleRequest) AuthUserRevokeRoleResponse
/etcdserverpb.Auth/RoleAdd(AuthRoleAddRequest) AuthRoleAddResponse
/etcdserverpb.Auth/RoleGet(AuthRoleGetRequest) AuthRoleGetResponse
/etcdserverpb.Auth/RoleList(AuthRoleListRequest) AuthRoleListResponse
/etcdserverpb.Auth/RoleDelete(AuthRoleDeleteRequest) AuthRoleDeleteResponse
/etcdserverpb.Auth/RoleGrantPermission(AuthRoleGrantPermissionRequest) AuthRoleGrantPermissionResponse
/etcdserverpb.Auth/RoleRevokePermission(AuthRoleRevokePermissionRequest) AuthRoleRevokePermissionResponse
/v3lockpb.Lock/Lock(LockRequest) LockResponse
/v3lockpb.Lock/Unlock(UnlockRequest) UnlockResponse
/v3electionpb.Election/Campaign(CampaignRequest) CampaignResponse
/v3electionpb.Election/Proclaim(ProclaimRequest) ProclaimResponse
/v3electionpb.Election/Leader(LeaderRequest) LeaderResponse
/v3electionpb.Election/Observe(LeaderRequest) stream LeaderResponse
/v3electionpb.Election/Resign(ResignRequest) ResignResponse
/grpc.health.v1.Health/Check(HealthCheckRequest) HealthCheckResponse
/grpc.health.v1.Health/Watch(HealthCheckRequest) stream HealthCheckResponse
/flotilla.control.v1.Control/Get(ReadRequest) Answer
/flotilla.control.v1.Control/List(ReadRequest) Answer
/flotilla.control.v1.Control/Watch(ReadRequest) stream WatchEvent
/flotilla.control.v1.Control/Create(WriteRequest) Answer
/flotilla.control.v1.Control/Update(WriteRequest) Answer
/flotilla.control.v1.Control/UpdateStatus(WriteRequest) Answer
/flotilla.control.v1.Control/Patch(WriteRequest) Answer
/flotilla.control.v1.Control/Delete(DeleteRequest) Answer
/flotilla.control.v1.Control/Bind(BindRequest) Answer
/flotilla.control.v1.Control/GetDocument(DocumentRequest) Answer
/runtime.v1.RuntimeService/Version(VersionRequest) VersionResponse
/runtime.v1.RuntimeService/RunPodSandbox(RunPodSandboxRequest) RunPodSandboxResponse
/runtime.v1.RuntimeService/StopPodSandbox(StopPodSandboxRequest) StopPodSandboxResponse
/runtime.v1.RuntimeService/RemovePodSandbox(RemovePodSandboxRequest) RemovePodSandboxResponse
/runtime.v1.RuntimeService/PodSandboxStatus(PodSandboxStatusRequest) PodSandboxStatusResponse
/runtime.v1.RuntimeService/ListPodSandbox(ListPodSandboxRequest) ListPodSandboxResponse
/runtime.v1.RuntimeService/CreateContainer(CreateContainerRequest) CreateContainerResponse
/runtime.v1.RuntimeService/StartContainer(StartContainerRequest) StartContainerResponse
/runtime.v1.RuntimeService/StopContainer(StopContainerRequest) StopContainerResponse
/runtime.v1.RuntimeService/RemoveContainer(RemoveContainerRequest) RemoveContainerResponse
/runtime.v1.RuntimeService/ListContainers(ListContainersRequest) ListContainersResponse
/runtime.v1.RuntimeService/ContainerStatus(ContainerStatusRequest) ContainerStatusResponse
/runtime.v1.RuntimeService/UpdateContainerResources(UpdateContainerResourcesRequest) UpdateContainerResourcesResponse
/runtime.v1.RuntimeService/ReopenContainerLog(ReopenContainerLogRequest) ReopenContainerLogResponse
/runtime.v1.RuntimeService/ExecSync(ExecSyncRequest) ExecSyncResponse
/runtime.v1.RuntimeService/Exec(ExecRequest) ExecResponse
/runtime.v1.RuntimeService/Attach(AttachRequest) AttachResponse
/runtime.v1.RuntimeService/PortForward(PortForwardRequest) PortForwardResponse
/runtime.v1.RuntimeService/ContainerStats(ContainerStatsRequest) ContainerStatsResponse
/runtime.v1.RuntimeService/ListContainerStats(ListContainerStatsRequest) ListContainerStatsResponse
/runtime.v1.RuntimeService/UpdateRuntimeConfig(UpdateRuntimeConfigRequest) UpdateRuntimeConfigResponse
/runtime.v1.RuntimeService/Status(StatusRequest) StatusResponse
/runtime.v1.RuntimeService/GetContainerEvents(GetEventsRequest) stream ContainerEventResponse
/runtime.v1.RuntimeService/RuntimeConfig(RuntimeConfigRequest) RuntimeConfigResponse
/runtime.v1.ImageService/ListImages(ListImagesRequest) ListImagesResponse
/runtime.v1.ImageService/ImageStatus(ImageStatusRequest) ImageStatusResponse
/runtime.v1.ImageService/PullImage(PullImageRequest) PullImageResponse
/runtime.v1.ImageService/RemoveImage(RemoveImageRequest) RemoveImageResponse
/runtime.v1.ImageService/ImageFsInfo(ImageFsInfoRequest) ImageFsInfoResponse
/v2.KeyManagementService/Status(StatusRequest) StatusResponse
/v2.KeyManagementService/Decrypt(DecryptRequest) DecryptResponse
/v2.KeyManagementService/Encrypt(EncryptRequest) EncryptResponse
/containerd.services.events.v1.Events/Subscribe(SubscribeRequest) stream Envelope
`;

t.test(
  'services: have exactly the methods of etcd 3.7, of gRPC health, of the API server and of CRI',
  (t) => {
    const found = services.flatMap((service) =>
      Object.entries(service.methods).map(([name, method]) => {
        t.equal(method.name, name);
        t.ok(method.path.startsWith(`/${service.name}/`), method.path);
        const request = message(method.request.typeName, method.requestStream);
        return `${method.path}(${request}) ${message(method.response.typeName, method.responseStream)}`;
      }),
    );
    t.same(found.sort(), methods.trim().split('\n').sort());
    t.end();
  },
);

t.test('fields: describe the .proto files', (t) => {
  for (const type of types) {
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
    const codec = codecs.get(type.fullName.slice(1));
    t.same(
      codec?.fields.map((field) => ({
        name: field.name,
        number: field.number,
        kind: field.kind,
        isNumber: field.isNumber,
        isRepeated: field.isRepeated,
        oneof: field.oneof,
        message: field.message?.().typeName,
        enum: field.enum?.(),
      })),
      fields.map((field) => ({
        name: field.name,
        number: field.id,
        kind: kindOf(field),
        isNumber: field.options?.jstype === 'JS_NUMBER',
        isRepeated: field.repeated,
        oneof: field.partOf?.name ? snakeCase(field.partOf.name) : null,
        message: kindOf(field) === 'message' ? field.resolvedType?.fullName.slice(1) : undefined,
        enum: field.resolvedType instanceof protobuf.Enum ? field.resolvedType.values : undefined,
      })),
      type.fullName,
    );
  }
  t.end();
});

t.test('fields: keep the original names beside the TypeScript ones', (t) => {
  const names = (typeName: string) =>
    codecs.get(typeName)?.fields.map((field) => `${field.protoName} ${field.name}`);
  t.same(names('etcdserverpb.LeaseTimeToLiveResponse'), [
    'header header',
    'ID ID',
    'TTL TTL',
    'grantedTTL grantedTTL',
    'keys keys',
  ]);
  t.same(names('etcdserverpb.ResponseHeader'), [
    'cluster_id clusterId',
    'member_id memberId',
    'revision revision',
    'raft_term raftTerm',
  ]);
  t.end();
});

t.test('64-bit fields: counters are numbers, and ids and nanoseconds are bigints', (t) => {
  const ids = /^(ID|id|ids|lease|.*_?id|memberID|targetID|leader)$/;
  const nanoseconds = /^runtime\.v1\.(UInt64Value\.value|\w+\.(\w+_at|timestamp))$/;
  const numbers = /^runtime\.v1\.\w+\.[ug]id$/;
  for (const codec of codecs.values()) {
    for (const field of codec.fields.filter(({ kind }) => /^u?int64$/.test(kind))) {
      const name = `${codec.typeName}.${field.protoName}`;
      const isOpaque = (ids.test(field.protoName) && !numbers.test(name)) || nanoseconds.test(name);
      t.equal(field.isNumber, !isOpaque, name);
    }
  }
  t.end();
});

t.test("proto/: loads in gRPC's own loader, which encodes as we do", (t) => {
  const definitions = loader.loadSync([...protoFiles], { includeDirs: [protoDir], longs: String });
  for (const service of services) {
    t.same(
      Object.keys(definitions[service.name] ?? {}).sort(),
      Object.keys(service.methods).sort(),
      service.name,
    );
  }
  const put = (definitions[KV.name] as loader.ServiceDefinition).Put;
  const request = { key: Buffer.from('a'), value: Buffer.from('b'), lease: '-7', prevKv: true };
  t.same(
    Uint8Array.from(put?.requestSerialize(request) ?? []),
    PutRequest.encode({ ...request, lease: -7n }),
  );
  t.end();
});

t.test('proto/: every service has a descriptor', (t) => {
  const names = services.map((service) => service.name);
  const declared: string[] = [];
  const visit = (node: protobuf.NamespaceBase): void => {
    for (const child of node.nestedArray) {
      if (child instanceof protobuf.Service) declared.push(child.fullName.slice(1));
      else if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root);
  t.same(declared.sort(), names.sort());
  t.end();
});

function message(typeName: string, isStream: boolean): string {
  return (isStream ? 'stream ' : '') + typeName.slice(typeName.lastIndexOf('.') + 1);
}

function kindOf(field: protobuf.Field): string {
  if (field.resolvedType instanceof protobuf.Enum) return 'enum';
  return field.resolvedType instanceof protobuf.Type ? 'message' : field.type;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
