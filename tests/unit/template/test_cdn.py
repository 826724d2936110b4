"""The CDN in the template."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kolom.i18n.negotiation import LANGUAGE_HEADER
from kolom.pages import response
from kolom.security.client_address import ORIGIN_HEADER, VIEWER_HEADER
from kolom_cli.emulator.api_gateway import Response
from kolom_cli.emulator.cloudfront import with_edge_headers
from kolom_cli.sam.intrinsics import Resolver, TemplateError, parse
from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import CacheBehavior, Cdn, Template
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.paths import PROJECT

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/blog/00000000-0000-0000-0000-000000000000"
PAGES = ("/", "/a-slug/", "/2024/05/x.html", "/feeds/atom.xml", "/sitemap.xml", "/robots.txt", "/preview/token")


@cache
def read(**parameters: str) -> Template:
    return load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example", **parameters})


def cdn(**parameters: str) -> Cdn:
    found = read(**parameters).cdn
    assert found is not None
    return found


@cache
def resources() -> dict[str, Any]:
    """Return the resources as written in the template."""
    found: dict[str, Any] = parse((PROJECT / "template.yaml").read_text("utf-8"))["Resources"]
    return found


def config() -> dict[str, Any]:
    found: dict[str, Any] = resources()["Distribution"]["Properties"]["DistributionConfig"]
    return found


def headers(behavior: CacheBehavior) -> dict[str, str]:
    return {header.name: header.value for header in behavior.headers}


def test_the_cdn_allows_every_method_for_the_api_but_only_reads_for_pages() -> None:
    api = cdn().behavior("/api/contact")
    assert (api.pattern, api.origin) == ("/api/*", "api")
    assert set(api.methods) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    for path in PAGES:
        assert (cdn().behavior(path).origin, cdn().behavior(path).methods) == ("api", ("GET", "HEAD"))
    for path in ("/assets/theme/kolom.css", "/media/0123/a.png"):
        assert (cdn().behavior(path).origin, cdn().behavior(path).methods) == ("files", ("GET", "HEAD"))


def test_http_3_ipv6_and_compression_are_enabled() -> None:
    assert (config()["HttpVersion"], config()["IPV6Enabled"]) == ("http2and3", True)
    for behavior in [config()["DefaultCacheBehavior"], *config()["CacheBehaviors"]]:
        assert behavior["Compress"] is True
        assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    caching = resources()["ApiCache"]["Properties"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    assert caching["EnableAcceptEncodingGzip"] is caching["EnableAcceptEncodingBrotli"] is True


def test_api_responses_are_cached_by_query_and_origin() -> None:
    policy = resources()["ApiCache"]["Properties"]["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert key["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Origin"]}
    # Without caching headers nothing is cached; a stale page may be served as long as the page allows it.
    assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)
    (stale,) = re.findall(r"stale-if-error=(\d+)", response.PAGE_CACHING)
    assert policy["MaxTTL"] >= int(stale)


def test_pages_are_cached_also_by_the_language_that_the_cdn_chose() -> None:
    assert config()["DefaultCacheBehavior"]["CachePolicyId"] == {"Ref": "PageCache"}
    policies = {name: resources()[name]["Properties"]["CachePolicyConfig"] for name in ("PageCache", "ApiCache")}
    pages, api = (each["ParametersInCacheKeyAndForwardedToOrigin"] for each in policies.values())
    assert pages["HeadersConfig"]["Headers"] == [*api["HeadersConfig"]["Headers"], LANGUAGE_HEADER]
    ignored = {"Name", "ParametersInCacheKeyAndForwardedToOrigin"}
    assert (
        len({str({key: value for key, value in each.items() if key not in ignored}) for each in policies.values()}) == 1
    )
    assert pages | {"HeadersConfig": None} == api | {"HeadersConfig": None}


def test_the_api_receives_all_headers_except_host() -> None:
    """API Gateway answers 403 to a foreign host name."""
    for behavior in [config()["DefaultCacheBehavior"], *config()["CacheBehaviors"]]:
        # This is the managed policy AllViewerExceptHostHeader. S3 gets nothing, because it interprets queries as
        # commands.
        expected = "b689b0a8-53d0-40ab-baf2-68738e2966ac" if behavior["TargetOriginId"] == "api" else None
        assert behavior.get("OriginRequestPolicyId") == expected


def test_pages_have_the_same_headers_from_the_cdn_and_the_function() -> None:
    sent = response.html_response("", "en").headers
    common = {"Content-Type", "Content-Language", "Cache-Control"}
    for path in ("/", "/api/contact"):
        added = headers(cdn().behavior(path))
        assert added.pop("Strict-Transport-Security") == "max-age=31536000"
        assert added == {name: value for name, value in sent.items() if name not in common}


def test_only_two_headers_of_the_cdn_override_a_pages_own() -> None:
    overriding = {header.name for header in cdn().behavior("/").headers if header.override}
    assert overriding == {"Strict-Transport-Security", "X-Content-Type-Options"}


def test_own_headers_of_a_response_are_kept_unless_the_cdn_overrides_them() -> None:
    own = [("Referrer-Policy", "strict-origin"), ("X-Robots-Tag", "noindex")]
    answer = with_edge_headers(cdn().behavior("/preview/x").headers, Response(status=200, headers=own))
    assert answer.headers[:2] == own
    assert dict(answer.headers)["Referrer-Policy"] == "strict-origin"
    sniffed = Response(status=200, headers=[("x-content-type-options", "none")])
    named = [name.lower() for name, _ in with_edge_headers(cdn().behavior("/").headers, sniffed).headers]
    assert named.count("x-content-type-options") == 1


@pytest.mark.parametrize("path", ["/", "/api/articles", "/assets/favicon.svg", "/media/0123/a.svg"])
def test_inline_scripts_and_mime_sniffing_are_never_allowed(path: str) -> None:
    added = headers(cdn().behavior(path))
    assert "unsafe" not in added["Content-Security-Policy"]
    assert added["X-Content-Type-Options"] == "nosniff"
    assert added["Strict-Transport-Security"]
    assert added["Referrer-Policy"]


def test_only_scripts_and_styles_may_be_loaded_by_other_sites() -> None:
    allowed = {each.pattern: headers(each).get("Access-Control-Allow-Origin") for each in cdn().behaviors}
    assert allowed == {"/api/*": None, "/assets/*": "*", "/media/*": None, "*": None}


def test_an_svg_runs_no_scripts() -> None:
    assert "script-src 'none'" in headers(cdn().behavior("/media/0123/a.svg"))["Content-Security-Policy"]


def test_wherever_the_secret_is_added_the_viewers_address_is_set_by_the_cdn() -> None:
    origins = {origin["Id"]: origin for origin in config()["Origins"]}
    (header,) = origins["api"]["OriginCustomHeaders"]
    assert header["HeaderName"] == ORIGIN_HEADER
    assert header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString}}"}
    assert "OriginCustomHeaders" not in origins["files"]
    for behavior in cdn().behaviors:
        assert behavior.function_event_types == (("viewer-request",) if behavior.origin == "api" else ())
    function = resources()["NameViewer"]["Properties"]
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert f'headers["{VIEWER_HEADER}"] = {{ value: event.viewer.ip }}' in function["FunctionCode"]["Fn::Sub"]


@pytest.mark.parametrize("report", ["off", "on"])
def test_only_functions_that_need_the_viewers_network_can_read_the_secret(report: str) -> None:
    functions = read(SearchReport=report).functions
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:kolom-originsecret"
    readers = {
        name
        for name, function in functions.items()
        if any(secret in statement.resources for statement in function.policies)
    }
    told = {name for name, function in functions.items() if function.environment.get("ORIGIN_SECRET_NAME")}
    counting = {"search_articles", "serve_pages"} if report == "on" else set()
    assert readers == told == {"write_comments", "submit_contact"} | counting


def test_the_bucket_is_private_and_only_readable_by_this_distribution() -> None:
    bucket = resources()["MediaBucket"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    access = resources()["FilesAccess"]["Properties"]["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    (files,) = (origin for origin in config()["Origins"] if origin["Id"] == "files")
    assert files["OriginAccessControlId"] == {"Fn::GetAtt": ["FilesAccess", "Id"]}
    policies = [each for each in resources().values() if each["Type"] == "AWS::S3::BucketPolicy"]
    statements = [one for each in policies for one in each["Properties"]["PolicyDocument"]["Statement"]]
    assert {one["Action"] for one in statements} == {"s3:GetObject", "s3:ListBucket"}
    for one in statements:
        assert one["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert "${Distribution}" in one["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"]


def test_errors_are_cached_briefly() -> None:
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in config()["CustomErrorResponses"]}
    assert kept == dict.fromkeys((404, 500, 502, 503, 504), 1)
    # The API's own error pages are shown, not the CDN's.
    assert not [each for each in config()["CustomErrorResponses"] if "ResponsePagePath" in each]


def test_without_the_cdn_none_of_its_resources_exist() -> None:
    off = read(Cdn="off")
    assert off.cdn is None
    assert not {name for name in off.outputs if name.startswith("Distribution")}
    assert set(off.secrets) == {"Secret"}
    assert not [f.name for f in off.functions.values() if f.environment.get("ORIGIN_SECRET_NAME")]
    assert "kolom-originsecret" not in repr(off.functions)
    for name, resource in resources().items():
        is_of_the_cdn = resource["Type"].startswith("AWS::CloudFront::") or name in {"FilesPolicy", "OriginSecret"}
        assert (resource.get("Condition") == "HasCdn") == is_of_the_cdn, name


def test_a_custom_domain_requires_a_certificate() -> None:
    assert cdn().aliases == ()
    assert cdn(CertificateArn=CERTIFICATE).aliases == ("blog.example",)
    assert "DistributionDomain" in read().outputs
    for wrong in ("certificate", CERTIFICATE.replace("us-east-1", "ap-southeast-1")):
        with pytest.raises(TemplateError, match="us-east-1"):
            read(CertificateArn=wrong)


def test_the_records_lead_from_the_domain_to_the_distribution() -> None:
    records = {"Domain": "www.blog.example", "HostedZoneId": "Z1", "CertificateArn": CERTIFICATE}
    assert cdn(**records).aliases == ("www.blog.example",)
    properties = resources()["SiteRecords"]["Properties"]
    records_of_domain = [(each["Type"], each["Name"]) for each in properties["RecordSets"]]
    assert records_of_domain == [("A", {"Ref": "Domain"}), ("AAAA", {"Ref": "Domain"})]
    target = {"DNSName": {"Fn::GetAtt": ["Distribution", "DomainName"]}, "HostedZoneId": "Z2FDTNDATAQYW2"}
    assert [each["AliasTarget"] for each in properties["RecordSets"]] == [target, target]
    document = read_document(PROJECT / "template.yaml")
    defaults = {"SiteUrl": "https://blog.example", "Cdn": "on"}
    for missing in (None, *records, "Cdn"):
        values = {**defaults, **records} | ({} if missing is None else {missing: "off" if missing == "Cdn" else ""})
        names = ResourceNames(document["Resources"], {})
        resolver = names.resolver = Resolver(document, parameter_values(document["Parameters"], values), names)
        assert resolver.condition("HasRecords") is (missing is None), missing


def test_the_web_acl_has_cloudfront_scope() -> None:
    read(WebAclArn=WEB_ACL)
    with pytest.raises(TemplateError, match="CLOUDFRONT"):
        read(WebAclArn=WEB_ACL.replace(":global/", ":regional/"))


def test_an_unsupported_policy_is_an_error(tmp_path: Path) -> None:
    text = (PROJECT / "template.yaml").read_text("utf-8")
    for old, new, message in [
        ("ContentTypeOptions:", "XSSProtection:", "XSSProtection is not supported"),
        ('AccessControlAllowOrigins: {Items: ["*"]}', "AccessControlAllowOrigins: {Items: [x]}", "all origins"),
    ]:
        (tmp_path / "template.yaml").write_text(text.replace(old, new))
        with pytest.raises(TemplateError, match=message):
            load(tmp_path / "template.yaml", {"SiteUrl": "https://blog.example"})
