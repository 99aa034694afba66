package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;

/** The parts that requests are made of. */
final class Requests {

  /** How many operations etcd takes in a transaction, unless told otherwise, is 128. */
  static final int MAX_OPERATIONS = 100;

  private Requests() {}

  static RangeRequest range(ByteString key) {
    return RangeRequest.newBuilder().setKey(key).build();
  }

  static RangeRequest count(ByteString key) {
    return RangeRequest.newBuilder().setKey(key).setCountOnly(true).build();
  }

  static RequestOp op(RangeRequest range) {
    return RequestOp.newBuilder().setRequestRange(range).build();
  }

  static RequestOp op(TxnRequest nested) {
    return RequestOp.newBuilder().setRequestTxn(nested).build();
  }

  static RequestOp put(ByteString key, ByteString value) {
    return put(key, value, 0);
  }

  static RequestOp put(ByteString key, ByteString value, long lease) {
    return RequestOp.newBuilder()
        .setRequestPut(PutRequest.newBuilder().setKey(key).setValue(value).setLease(lease))
        .build();
  }

  static RequestOp delete(ByteString key) {
    return RequestOp.newBuilder()
        .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key))
        .build();
  }

  /** The key was last changed by that revision; 0 for a key that is not there. */
  static Compare changedBy(ByteString key, long revision) {
    return Compare.newBuilder()
        .setKey(key)
        .setTarget(Compare.CompareTarget.MOD)
        .setResult(Compare.CompareResult.EQUAL)
        .setModRevision(revision)
        .build();
  }

  static Compare absent(ByteString key) {
    return changedBy(key, 0);
  }

  static Compare present(ByteString key) {
    return Compare.newBuilder()
        .setKey(key)
        .setTarget(Compare.CompareTarget.MOD)
        .setResult(Compare.CompareResult.GREATER)
        .setModRevision(0)
        .build();
  }

  static Compare has(ByteString key, ByteString value) {
    return Compare.newBuilder()
        .setKey(key)
        .setTarget(Compare.CompareTarget.VALUE)
        .setResult(Compare.CompareResult.EQUAL)
        .setValue(value)
        .build();
  }
}
