# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations
import json

def test_explore(api, policy, capsys):
  with capsys.disabled():
    print()
    other = "/qos/policies/" + api.post("/qos/policies", {"policy": {"name": "b"}}).body["policy"]["id"]
    for coll, mem, attr in (("bandwidth_limit_rules","bandwidth_limit_rule","max_kbps"),("delay_rules","delay_rule","delay_ms")):
        def show(what, a): print(coll[:5], what, a.status, json.dumps(a.body)[:230])
        r = api.post(f"{policy}/{coll}", {mem: {attr: 5}}); show("create", r)
        rid = r.body[mem]["id"]
        show("dup", api.post(f"{policy}/{coll}", {mem: {attr: 6}}))
        show("get other policy", api.get(f"{other}/{coll}/{rid}"))
        show("put other policy", api.put(f"{other}/{coll}/{rid}", {mem: {attr: 6}}))
        show("del other policy", api.delete(f"{other}/{coll}/{rid}"))
        show("get other type", api.get(f"{policy}/loss_rules/{rid}"))
        show("put other type", api.put(f"{policy}/loss_rules/{rid}", {"loss_rule": {"loss_pct": 6}}))
        show("del other type", api.delete(f"{policy}/loss_rules/{rid}"))
        show("get as bw", api.get(f"{policy}/bandwidth_limit_rules/{rid}"))
        show("put as bw", api.put(f"{policy}/bandwidth_limit_rules/{rid}", {"bandwidth_limit_rule": {"max_kbps": 6}}))
        show("nopolicy", api.get(f"/qos/policies/11111111-1111-1111-1111-111111111111/{coll}"))
        show("nopolicy", api.post(f"/qos/policies/11111111-1111-1111-1111-111111111111/{coll}", {mem: {attr: 5}}))
        show("norule", api.get(f"{policy}/{coll}/11111111-1111-1111-1111-111111111111"))
        show("norule", api.get(f"{policy}/{coll}/xyz"))
        show("put empty", api.put(f"{policy}/{coll}/{rid}", {mem: {}}))
        show("put id", api.put(f"{policy}/{coll}/{rid}", {mem: {"id": rid}}))
        show("post empty", api.post(f"{policy}/{coll}", {mem: {}}))
        show("unknown", api.post(f"{policy}/{coll}", {mem: {attr: 5, "x":1}}))
        show("tenant", api.post(f"{policy}/{coll}", {mem: {attr: 5, "tenant_id":"ours"}}))
        show("bulk", api.post(f"{other}/{coll}", {mem+"s": [{attr: 5}, {attr: 6, "direction": "ingress"}]}))
        show("list", api.get(f"{other}/{coll}"))
        show("list f", api.get(f"{other}/{coll}?fields=id&fields={attr}"))
        show("list dir", api.get(f"{other}/{coll}?direction=ingress"))
        show("list dir", api.get(f"{other}/{coll}?direction=bad"))
        show("list val", api.get(f"{other}/{coll}?{attr}=6"))
        show("list val", api.get(f"{other}/{coll}?{attr}=bad"))
        show("list sort", api.get(f"{other}/{coll}?sort_key={attr}&sort_dir=desc"))
        show("list lim", api.get(f"{other}/{coll}?limit=1"))
        show("put dup", api.put(f"{other}/{coll}/" + api.get(f"{other}/{coll}").body[coll][1]["id"], {mem: {"direction": "egress"}}))
        show("bulk bad", api.post(f"{other}/{coll}", {mem+"s": [{attr: "x"}]}))
        show("bulk dup", api.post(f"{other}/{coll}", {mem+"s": [{attr: 5}]}))
        for text in ("", "{", "[]", "null", "3", '"x"', "[1]", '{"a":1}', '{"%s": null}'%mem, '{"%s": []}'%mem,'{"%s": 3}'%mem, '{"%ss": []}'%mem, '{"%ss": [3]}'%mem, '{"%ss": 3}'%mem, '{"%ss": {}}'%mem, '{"%s": {"%s": NaN}}'%(mem,attr), '{"%s": {"%s": 1e999}}'%(mem,attr),  '{"%s": {"%s": %s}}'%(mem,attr,"1"*5000), "["*100000,  '{"%s": {"%s": %s}}'%(mem,attr,"["*500+"]"*500), '{"%s": {"%s": 1, "%s": 2}}'%(mem,attr,attr), '{"%s": {"%s": "\\ud800"}}'%(mem,attr), '{"%s": {"%s": 1}, "x": 1}'%(mem,attr)):
            show("send "+text[:40], api.send("POST", f"{policy}/{coll}", text))
        for v in (True, None, 1.5, "x", [], {}, 10**30, -1):
            show("val "+str(v), api.put(f"{policy}/{coll}/{rid}", {mem: {attr: v}}))
        for v in (True, None, 1.5, "x", [], {}, 10**30, -1):
            show("dir "+str(v), api.put(f"{policy}/{coll}/{rid}", {mem: {"direction": v}}))
        show("patch", api.send("PATCH", f"{policy}/{coll}/{rid}", "{}"))
        show("delete body", api.send("DELETE", f"{policy}/{coll}/{rid}", "{}"))
        show("delete", api.delete(f"{policy}/{coll}/{rid}"))
        show("delete", api.delete(f"{policy}/{coll}/{rid}"))
